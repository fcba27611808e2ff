-- Statements forecast, order and enough: the 80 % range of the coming week, rounded outward, and the week before.
create or replace view coming as
select item_id, store_id, week, units, title, low_80, high_80 from weekly where weeks_ahead = 1;

create or replace view last_known as
select item_id, store_id, units from sales
where is_known and week_number = (select max(week_number) from sales where is_known);

-- Holidays, events and opening days are no promotions of a shop.
create or replace view shop_promotions as from promotions where not regexp_matches(promotion, 'holiday|event|^open$');

-- The median share of each promotion over the known weeks of the last year (the lower one of two), and the weeks it ran.
create or replace view ordinary as
select p.item_id, p.store_id, p.promotion, quantile_disc(p.share, 0.5) as share, count(*) filter (where p.share >= 0.5) as times, count(*) as weeks
from shop_promotions p join sales s on s.item_id = p.item_id and s.store_id = p.store_id and s.week_number = p.week_number
where s.is_known and s.units is not null and p.week_number > (select max(week_number) - 52 from sales where is_known)
group by all;

-- A plan of promotions is known for a week; without promotions in the sales, a planned price.
create or replace view plan as
select w.item_id, w.store_id, w.week,
       case when (select count(*) from promotions) > 0 then if(coalesce(
                (select bool_or(p.is_given::boolean) from promotions p
                 where p.item_id::varchar = w.item_id and p.store_id::varchar = w.store_id and p.week::varchar = w.week),
                false), '', if((select count(*) from shop_promotions) = 0, 'no_holiday', if(coalesce((select max(o.share) from ordinary o
                 where o.item_id = w.item_id and o.store_id = w.store_id), 0) < 0.1, 'no_promotion', 'usual_promotions')))
            when isfinite(w.usual_price::double) and not s.is_given_price then 'price' else '' end as unknown
from weekly w left join sales s using (item_id, store_id, week);

create or replace view usual as
select item_id, store_id, if(count(*) > 1, count(*), null) as promotions, if(count(*) > 1, null, any_value(promotion)) as promotion,
       floor(100 * any_value(share) + 0.5) as usual_percent, any_value(times) as times, any_value(weeks) as weeks
from ordinary where share >= 0.1 group by item_id, store_id;

create or replace view ran_last as
select distinct p.item_id, p.store_id from shop_promotions p
where p.week_number = (select max(week_number) from sales where is_known) and p.share >= 0.5;

-- The last quarter, and a year ago: its weeks that are known, and totals of whole quarters.
create or replace view quarters as
select item_id, store_id, count(units) filter (week_number >= n - 13) as known, max(units) filter (week_number >= n - 13) as most,
       avg(units) filter (week_number >= n - 13) as mean, sum(units) filter (week_number >= n - 52) as year_units,
       if(known = 13, sum(units) filter (week_number >= n - 13), null) as latest,
       if(count(units) filter (week_number between n - 65 and n - 53) = 13, sum(units) filter (week_number between n - 65 and n - 53), null) as before,
       if(count(units) filter (week_number between n - 52 and n - 40) = 13, sum(units) filter (week_number between n - 52 and n - 40), null) as after
from (select *, max(week_number) filter (is_known) over () + 1 as n from sales) where is_known group by item_id, store_id;

create or replace view found_forecast as
select c.item_id, c.store_id, c.title, c.week, 80 as level,
       (select any_value(p.unknown) from plan p where p.item_id = c.item_id and p.store_id = c.store_id and p.week = c.week) as unknown_plan,
       u.promotion, u.promotions, u.usual_percent, u.times, u.weeks,
       floor(c.low_80 + 1e-9) as low, ceil(c.high_80 - 1e-9) as high, floor(l.units + 0.5) as last_units,
       (r.item_id is not null)::int as last_promoted, q.known
from coming c left join last_known l on l.item_id = c.item_id and l.store_id = c.store_id
left join ran_last r on r.item_id = c.item_id and r.store_id = c.store_id
left join usual u on u.item_id = c.item_id and u.store_id = c.store_id
left join quarters q on q.item_id = c.item_id and q.store_id = c.store_id;

create or replace view found_enough as select * from found_forecast;
