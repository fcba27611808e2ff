-- Statement promoted_forecast: the coming week if the usual promotion runs, where no plan of promotions is given.
create or replace table last_year as
select p.*, s.price, s.is_given_price, r.share as ordinary from promotions p
join sales s on s.item_id = p.item_id and s.store_id = p.store_id and s.week_number = p.week_number
join ordinary r on r.item_id = p.item_id and r.store_id = p.store_id and r.promotion = p.promotion
where s.is_known and s.units is not null and p.week_number > (select max(week_number) - 52 from sales where is_known);

-- The promotion of most weeks in the last year, of those that an ordinary week has not and the last quarter had.
create or replace table usual_promotion as
select item_id, store_id, promotion, price from (
    select item_id, store_id, promotion, median(price) filter (where is_given_price) as price, count(*) as times,
           max(count(*)) over (partition by item_id, store_id) as most
    from last_year where share >= 0.5 and ordinary < 0.5
    group by item_id, store_id, promotion
    having max(week_number) > (select max(week_number) - 13 from sales where is_known))
where times = most and times >= 2;

-- The price without a promotion; a promotion at a higher price is not told. Prices of receipts are no plans.
create or replace table dearer as
select u.item_id, u.store_id from usual_promotion u
join with_promotion f on f.item_id = u.item_id and f.store_id = u.store_id and f.weeks = 1 and isfinite(f.price::double)
join sales s on s.item_id = u.item_id and s.store_id = u.store_id
where s.week_number = (select min(week_number) from sales where not is_known) and isfinite(u.price::double)
  and isfinite(s.price::double) and u.price > s.price;

create or replace table found_promoted_forecast as
select p.item_id, p.store_id, p.promotion, 80 as level, floor(p.low_80 + 1e-9) as low, ceil(p.high_80 - 1e-9) as high,
       case when isfinite(p.price::double) then floor(if(u.price >= 0.1, 100, 10000) * u.price + 0.5) / if(u.price >= 0.1, 100, 10000) end as price
from with_promotion p join coming c using (item_id, store_id)
join usual_promotion u on u.item_id = p.item_id and u.store_id = p.store_id and u.promotion = p.promotion
where p.weeks = 1 and p.units >= greatest(1.1 * c.units, c.units + 1)
  and not exists (from dearer d where d.item_id = p.item_id and d.store_id = p.store_id);
