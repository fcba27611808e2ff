-- Statements forecast, order and enough: the 80 % range of the coming week, rounded outward, and the week before.
create or replace table coming as
select item_id, store_id, week, units, title, low_80, high_80 from weekly where weeks_ahead = 1;

create or replace table last_known as
select item_id, store_id, units from sales
where is_known and week_number = (select max(week_number) from sales where is_known);

-- Holidays, events and opening days are no promotions of a shop.
create or replace table shop_promotions as from promotions where not regexp_matches(promotion, 'holiday|event|^open$');

-- The median share of each promotion over the known weeks of the last year (the lower one of two).
create or replace table ordinary as
select p.item_id, p.store_id, p.promotion, quantile_disc(p.share, 0.5) as share
from shop_promotions p join sales s on s.item_id = p.item_id and s.store_id = p.store_id and s.week_number = p.week_number
where s.is_known and s.units is not null and p.week_number > (select max(week_number) - 52 from sales where is_known)
group by all;

-- Known weeks, and whether each promotion had its ordinary share then, give or take a tenth.
create or replace table ordinary_weeks as
select s.item_id, s.store_id, s.week_number, not coalesce(bool_or(abs(p.share - o.share) > 0.1), false) as is_ordinary
from sales s
left join shop_promotions p on p.item_id::varchar = s.item_id and p.store_id::varchar = s.store_id and p.week_number = s.week_number
left join ordinary o on o.item_id::varchar = s.item_id and o.store_id::varchar = s.store_id and o.promotion::varchar = p.promotion::varchar
where s.is_known and s.units is not null group by all;
create or replace table ordinary_year as
select item_id, store_id, count(*) filter (is_ordinary) as times, count(*) as weeks from ordinary_weeks
where week_number > (select max(week_number) - 52 from sales where is_known) group by all;

-- The price of the coming week where prices are planned and that one is not: the last one with the same promotions. Of weeks with
-- promotions it is the median of a year, at most the last price without them. Without such a week it is that of the table.
create or replace table like_coming as
select s.item_id, s.store_id, s.week_number, s.price, s.units is not null and s.week_number > n - 53 as is_late, coalesce(max(c.share), 0) >= 0.1 as runs,
       not coalesce(bool_or(abs(p.share - c.share) > 0.1), false) as is_like, coalesce(max(p.share), 0) <= 0.1 as is_plain
from (select *, max(week_number) filter (is_known) over () + 1 as n from sales) s
left join shop_promotions p on p.item_id::varchar = s.item_id and p.store_id::varchar = s.store_id and p.week_number = s.week_number
left join shop_promotions c on c.item_id::varchar = s.item_id and c.store_id::varchar = s.store_id and c.promotion::varchar = p.promotion::varchar and c.week_number = n
where s.is_known group by all;
create or replace table assumed_prices as
with own as (
    select item_id, store_id, if(any_value(runs) and count(*) filter (is_like and is_late) > 0,
           least(median(price) filter (is_like and is_late), arg_max(price, week_number) filter (is_plain)),
           arg_max(price, week_number) filter (is_like)) as price
    from like_coming group by all)
select item_id, store_id, coalesce(o.price, s.price) as exact, floor(if(exact >= 0.1, 100, 10000) * exact + 0.5) / if(exact >= 0.1, 100, 10000) as price
from sales s left join own o using (item_id, store_id)
where s.week_number = (select max(week_number) + 1 from sales where is_known) and not s.is_given_price and isfinite(s.price::double)
  and exists (from weekly w where isfinite(w.usual_price::double));

-- A plan of promotions is known for a week; without promotions in the sales, a planned price.
create or replace table plan as
select w.item_id, w.store_id, w.week,
       case when (select count(*) from promotions) > 0 then if(coalesce(
                (select bool_or(p.is_given::boolean) from promotions p
                 where p.item_id::varchar = w.item_id and p.store_id::varchar = w.store_id and p.week::varchar = w.week),
                false), '', if((select count(*) from shop_promotions) = 0, 'no_holiday', if(coalesce((select max(o.share) from ordinary o
                 where o.item_id = w.item_id and o.store_id = w.store_id), 0) < 0.1, 'no_promotion', 'usual_promotions')))
            when isfinite(w.usual_price::double) and not s.is_given_price then 'price' else '' end as unknown
from weekly w left join sales s using (item_id, store_id, week);

create or replace table usual as
select item_id, store_id, if(count(*) > 1, count(*), null) as promotions, if(count(*) > 1, null, any_value(promotion)) as promotion,
       floor(100 * any_value(share) + 0.5) as usual_percent, any_value(times) as times, any_value(weeks) as weeks,
       ((select count(distinct promotion) from shop_promotions) > 1)::int as is_alone
from ordinary join ordinary_year using (item_id, store_id) where share >= 0.1 group by item_id, store_id;

create or replace table ran_last as
select distinct p.item_id, p.store_id from shop_promotions p
where p.week_number = (select max(week_number) from sales where is_known) and p.share >= 0.5;

-- The last quarter, and a year ago: its weeks that are known, and totals of whole quarters.
create or replace table quarters as
select item_id, store_id, count(units) filter (week_number >= n - 13) as known, max(units) filter (week_number >= n - 13) as most,
       if(count(*) filter (is_late_ordinary) >= 7 and count(*) filter (is_late_ordinary and week_number >= n - 13) < 13,
          count(*) filter (is_late_ordinary), null) as ordinary,
       if(ordinary is not null, max(units) filter (is_late_ordinary), most) as ordinary_most,
       if(count(units) filter (week_number >= n - 13 and year_before is not null) >= 7,
          sum(units) filter (week_number >= n - 13 and year_before is not null)
          / nullif(sum(year_before) filter (week_number >= n - 13 and units is not null), 0), null) as change,
       avg(units) filter (week_number >= n - 13) as mean, sum(units) filter (week_number >= n - 52) as year_units,
       if(known = 13, sum(units) filter (week_number >= n - 13), null) as latest,
       if(count(units) filter (week_number between n - 65 and n - 53) = 13, sum(units) filter (week_number between n - 65 and n - 53), null) as before,
       if(count(units) filter (week_number between n - 52 and n - 40) = 13, sum(units) filter (week_number between n - 52 and n - 40), null) as after
from (select s.*, coalesce(o.is_late, false) as is_late_ordinary, b.units as year_before, max(s.week_number) filter (s.is_known) over () + 1 as n
      from sales s
      left join (select *, row_number() over (partition by item_id, store_id order by week_number desc) <= 13 as is_late from ordinary_weeks
                 where is_ordinary and week_number > (select max(week_number) - 52 from sales where is_known)) o using (item_id, store_id, week_number)
      left join sales b on b.item_id = s.item_id and b.store_id = s.store_id and b.week_number = s.week_number - 52)
where is_known group by item_id, store_id;

create or replace table found_forecast as
select c.item_id, c.store_id, c.title, c.week, 80 as level,
       (select any_value(p.unknown) from plan p where p.item_id = c.item_id and p.store_id = c.store_id and p.week = c.week) as unknown_plan,
       u.promotion, u.promotions, u.usual_percent, u.times, u.weeks, u.is_alone,
       (select a.price from assumed_prices a where a.item_id = c.item_id and a.store_id = c.store_id) as price,
       floor(c.low_80 + 1e-9) as low, ceil(c.high_80 - 1e-9) as high, floor(l.units + 0.5) as last_units,
       (r.item_id is not null)::int as last_promoted, q.known
from coming c left join last_known l on l.item_id = c.item_id and l.store_id = c.store_id
left join ran_last r on r.item_id = c.item_id and r.store_id = c.store_id
left join usual u on u.item_id = c.item_id and u.store_id = c.store_id
left join quarters q on q.item_id = c.item_id and q.store_id = c.store_id;

create or replace table found_enough as select * from found_forecast;
