create or replace view buyers_crowd as
select item_id, count(distinct user_id) as users
from sold cross join crowd_window where timestamp >= since group by item_id;

create or replace view found_buyers as
with ranked as (select *, rank() over (order by users desc) - 1 as ahead, count(*) over () as sold from buyers_crowd)
select rid, users, days as window_days, strftime(snapshot, '%Y-%m-%dT%H:%M:%S') as until
from claim join ranked using (item_id) cross join crowd_window
where claim = 'buyers' and users >= 50 and ahead < 0.1 * sold and is_fresh and is_of_only_kind and has_dates;
