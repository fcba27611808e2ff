create or replace view counted_category_affinity as
select rid, occasion, max(wall) as moment
from past where claim = 'category_affinity' and category = player_category and player_category = own_category
group by rid, occasion;

create or replace view found_category_affinity as
with size as (
    select rid, any_value(if(has_dates and log_days >= 90, 90, null)) as short,
           any_value(if(has_dates and log_days >= 365, 365, null)) as long,
           count(*) filter (not has_dates or log_days < 90 or moment >= as_of - interval 90 day) as in_short,
           count(*) filter (not has_dates or log_days < 365 or moment >= as_of - interval 365 day) as in_long
    from counted_category_affinity join claim using (rid) cross join log_span group by rid),
seen as (
    select c.rid from claim c join event e on e.user_id = c.user_id and e.timestamp < c.moment_utc
    where c.claim = 'category_affinity' and c.has_dates and c.player_category = c.own_category
      and e.kind = c.event_kind and e.role = 'other' and e.kind not in (from target_kind)
      and e.category = c.player_category and e.timestamp >= c.moment_utc - interval 30 day
      and not exists (
          select 1 from counted b
          where b.user_id = c.user_id and b.as_of = c.moment_utc and b.category = c.player_category)
    group by c.rid having count(distinct coalesce(nullif(e.title, ''), e.item_id)) > 1)
select rid, player_category as category, if(in_short >= 2, in_short, in_long) as count,
       if(in_short >= 2, short, long) as window_days
from size join claim using (rid) where in_long >= 2
union all
select rid, player_category, null, null from seen join claim using (rid);
