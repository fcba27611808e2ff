create or replace view lower_price_paid as
select rid, own_item, wall::date as day, round(price, 2) as price
from past
where claim = 'lower_price' and kind = 'purchase' and is_alike(item_id, title, own_item, own_title) and price > 0;

create or replace view price_today as
select item_id, round(price, 2) as price from items;

create or replace view found_lower_price as
with latest as (select rid, max(day) as day from lower_price_paid group by rid),
last_time as (select rid, min(price) as last_paid from lower_price_paid join latest using (rid, day) group by rid),
commonest as (
    select rid, max(n_same) as n_same
    from (select rid, price, count(*) as n_same from lower_price_paid group by rid, price) group by rid),
usual as (
    select rid, any_value(own_item) as item_id, median(price) as usual, count(*) as n from lower_price_paid group by rid)
select rid, t.price, usual, last_paid
from usual join last_time using (rid) join commonest using (rid) join price_today t using (item_id) join claim using (rid)
where n >= 2 and n_same >= 2 and n_same * 3 >= n and t.price > 0 and t.price <= 0.95 * least(usual, last_paid) + 1e-6
  and t.price >= 0.5 * greatest(usual, last_paid) - 1e-6 and is_fresh and has_dates;
