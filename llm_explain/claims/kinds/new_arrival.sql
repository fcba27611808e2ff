create or replace view found_new_arrival as
with first as (
    select item_id, least(any_value(i.first_seen), min(e.timestamp)) as first_utc, wall_of(first_utc) as first
    from items i left join sold e using (item_id) group by item_id),
buyers as (
    select item_id, count(distinct user_id) as users
    from sold cross join shop where timestamp >= moment - interval 30 day group by item_id)
select rid, strftime(first, '%Y-%m-%d') as first_seen, as_of::date - first::date as days
from claim join first using (item_id) join buyers using (item_id)
where claim = 'new_arrival' and first < as_of and as_of::date - first::date <= 30 and users >= 5
  and first_utc >= (select min(timestamp) from sold) + interval 90 day and is_fresh and has_dates;
