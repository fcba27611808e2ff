create or replace view found_lowest_price as
with paid as (
    select item_id, round(e.price, 2) as price, s.moment - e.timestamp as age
    from sold e cross join shop s where e.price > 0),
year as (
    select item_id, min(price) filter (age <= interval 365 day) as lowest,
           median(price) filter (age <= interval 365 day) as usual, bool_or(age > interval 365 day) as has_before,
           count(distinct ceil(epoch(age) / 86400 / 30)) filter (age > interval 0 day and age <= interval 360 day) as n
    from paid group by item_id),
stated as (select item_id, min(price) as least from stated_price group by item_id)
select rid, round(i.price, 2) as price, usual
from claim join items i using (item_id) join year using (item_id) left join stated using (item_id)
where claim = 'lowest_price' and i.price > 0 and round(i.price, 2) <= lowest + 1e-6
  and round(i.price, 2) <= 0.95 * usual + 1e-6 and round(i.price, 2) <= coalesce(round(least, 2), 'infinity') + 1e-6
  and has_before and n = 12 and is_fresh and is_of_only_kind and has_dates;
