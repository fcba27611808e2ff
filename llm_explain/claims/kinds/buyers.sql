create or replace view buyers_crowd as
select item_id, count(distinct user_id) as users
from sold cross join crowd_window where timestamp >= since group by item_id;

create or replace view found_buyers as
with ranked as (
    select *, rank() over (order by users desc) - 1 as ahead, count(*) over () as sold, max(users) over () as most
    from buyers_crowd),
tenth as (select min(users) as least from ranked where ahead < 0.1 * sold)
select rid, users, days as window_days, strftime(snapshot, '%Y-%m-%dT%H:%M:%S') as until
from claim c join ranked using (item_id) cross join tenth cross join crowd_window
where claim = 'buyers' and is_fresh and is_of_only_kind and has_dates
  and not exists (
    from buyers_crowd o join items t on t.item_id = o.item_id
    where o.item_id <> c.item_id and is_alike(o.item_id, t.title, c.item_id, c.own_title))
  and (users >= 50 and ahead < 0.1 * sold or most < 100 and users >= greatest(10, least / 2));
