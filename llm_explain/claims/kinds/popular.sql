create or replace view popular_crowd as
select item_id, count(distinct user_id) as users
from sold cross join crowd_window where timestamp >= since group by item_id;

create or replace view found_popular as
with ranked as (select *, rank() over (order by users desc) - 1 as ahead, count(*) over () as sold from popular_crowd)
select rid, (select max(band) from unnest([50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000]) as b(band)
             where band < users) as users_band,
       days as window_days, strftime(snapshot, '%Y-%m-%dT%H:%M:%S') as until
from claim join ranked using (item_id) cross join crowd_window
where claim = 'popular' and users > 50 and ahead < 0.1 * sold and is_fresh and is_of_only_kind and has_dates;
