create or replace view counted_kept_since as
select rid, occasion, max(wall) as moment
from past where claim = 'kept_since' and is_alike(item_id, title, own_item, own_title)
group by rid, occasion;

create or replace view found_kept_since as
with day as (select distinct rid, moment::date as day from counted_kept_since),
gap as (select rid, day, day - lag(day) over (partition by rid order by day) as gap from day)
select rid, strftime(min(day), '%Y-%m-%d') as since
from gap join claim using (rid) cross join log_span where has_dates
group by rid, as_of, log_days
having count(distinct date_trunc('month', day)) >= 3 and as_of::date - min(day) >= 90
   and min(day) - ((select wall_of(moment)::date from shop) - log_days) >= 90
   and greatest(max(gap), as_of::date - max(day)) <= least(greatest(3 * coalesce(median(gap), 0), 30), 90);
