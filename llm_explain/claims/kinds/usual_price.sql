-- Prices are told in cents; half a cent of slack is left to the direction in which halves are rounded.
create or replace view price_paid as
with paid as (
    select rid, own_item, own_category, occasion, wall, round(price, 2) as price,
           row_number() over (partition by rid order by round(price, 2)) as rank, count(*) over (partition by rid) as n
    from past where claim = 'usual_price' and kind = 'purchase' and category = own_category and price > 0),
usual as (
    select rid, max(price) filter (rank = (2 * n + 9) // 10) as low, max(price) filter (rank = (8 * n + 9) // 10) as high
    from paid group by rid)
select *, price between low - 0.005 and high + 0.005 as is_usual from paid join usual using (rid);

create or replace view counted_usual_price as
select rid, occasion, max(wall) as moment, any_value(share) as share
from price_paid join (select rid, avg(is_usual::int) as share from price_paid group by rid) using (rid)
where is_usual group by rid, occasion;

create or replace view item_price as
select i.item_id, coalesce(any_value(i.price), median(e.price) filter (e.timestamp >= moment - interval 90 day),
                           median(e.price)) as price
from items i left join sold e on e.item_id = i.item_id and e.price > 0 cross join shop group by i.item_id;

create or replace view found_usual_price as
with usual as (
    select rid, any_value(own_item) as item_id, any_value(own_category) as category, any_value(low) as low,
           any_value(high) as high
    from price_paid group by rid),
size as (select rid, count(*) as n_usual from counted_usual_price group by rid)
select rid, item_price.price, low, high, category
from usual join size using (rid) join item_price using (item_id) join claim using (rid)
where n_usual >= 5 and item_price.price between low - 0.006 and high + 0.006 and high <= 2.5 * low + 0.01 and is_fresh;
