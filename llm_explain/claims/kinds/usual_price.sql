-- Prices are compared in cents, halves rounded to even.
create or replace view price_paid as
with paid as (
    select rid, own_item, own_category, occasion, wall, round_even(price * 100, 0) as cents
    from past where claim = 'usual_price' and kind = 'purchase' and category = own_category and round_even(price * 100, 0) > 0),
ranked as (
    select *, row_number() over (partition by rid order by cents) as rank, count(*) over (partition by rid) as n from paid),
middle as (select rid, max(cents) filter (rank = (n + 1) // 2) as usual from ranked group by rid)
select *, 10 * abs(cents - usual) <= usual as is_usual from ranked join middle using (rid);

create or replace view counted_usual_price as
select rid, occasion, max(wall) as moment, any_value(share) as share
from price_paid join (select rid, avg(is_usual::int) as share from price_paid group by rid) using (rid)
where is_usual group by rid, occasion;

create or replace view item_price as
select i.item_id, coalesce(any_value(i.price), median(e.price) filter (e.timestamp >= moment - interval 90 day),
                           median(e.price)) as price,
       (any_value(i.price) is null)::int as is_typical
from items i left join sold e on e.item_id = i.item_id and e.price > 0 cross join shop group by i.item_id;

create or replace view found_usual_price as
with own as (
    select rid, any_value(own_item) as item_id, any_value(own_category) as category, any_value(usual) / 100 as usual
    from price_paid group by rid),
size as (select rid, count(*) as n_usual, any_value(share) as share from counted_usual_price group by rid)
select rid, item_price.price, is_typical, usual, category
from own join size using (rid) join item_price using (item_id) join claim using (rid)
where n_usual >= 5 and share >= 0.5 and abs(item_price.price - usual) <= 0.1 * usual + 0.0051 and is_fresh;
