create or replace table last_week as select max(week_number) as n from sales where is_known;

create or replace table usual_share as
select item_id, store_id, promotion, avg(share) as share
from promotions, last_week where week_number > n - 26 and week_number <= n group by all;

create or replace table found_promotion as
select w.item_id, w.store_id, w.promotion, floor(w.units + 0.5) as units, floor(w.without + 0.5) as without,
       floor(w.units + 0.5) - floor(w.without + 0.5) as difference,
       (select floor(if(s.price >= 0.1, 100, 10000) * s.price + 0.5) / if(s.price >= 0.1, 100, 10000) from sales s
        where s.is_given_price and s.item_id = w.item_id and s.store_id = w.store_id and s.week = w.week) as price,
       (select count(*) from promotions o where o.item_id = w.item_id and o.promotion = w.promotion and o.week_number <= n
          and o.share >= p.share / 2) as seen
from "without" w, last_week
join promotions p on p.item_id = w.item_id and p.store_id = w.store_id and p.week = w.week and p.promotion = w.promotion
join usual_share u on u.item_id = w.item_id and u.store_id = w.store_id and u.promotion = w.promotion
where p.week_number = n + 1 and p.share >= 0.5 and u.share <= 0.8 and w.without is not null;
