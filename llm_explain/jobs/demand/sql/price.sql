create or replace table usual_prices as
select item_id, store_id, median(price) as usual from sales
where is_known and week_number > (select max(week_number) - 26 from sales where is_known) group by all;

create or replace table found_price as
select w.item_id, w.store_id,
       case when s.price > u.usual then 1 else -1 end * floor(abs(100 * (s.price / u.usual - 1)) + 0.5) as percent,
       floor(w.units + 0.5) as units, floor(w.at_usual_price + 0.5) as at_usual,
       floor(w.units + 0.5) - floor(w.at_usual_price + 0.5) as difference
from weekly w
join sales s on s.item_id = w.item_id and s.store_id = w.store_id and s.week = w.week
join usual_prices u on u.item_id = w.item_id and u.store_id = w.store_id
where w.weeks_ahead = 1 and s.is_given_price and abs(100 * (s.price / u.usual - 1)) >= 1.5;
