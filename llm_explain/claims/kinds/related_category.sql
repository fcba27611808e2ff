create or replace view counted_related_category as
select rid, occasion, max(wall) as moment
from past where claim = 'related_category' and category = player_category and player_category <> own_category
group by rid, occasion;

create or replace view found_related_category as
with size as (
    select rid, count(*) as in_all, count(*) filter (moment >= as_of - interval 90 day) as in_90,
           count(*) filter (moment >= as_of - interval 365 day) as in_365
    from counted_related_category join claim using (rid) group by rid)
select rid, player_category as category,
       case when not has_dates then in_all when in_90 >= 2 then in_90 else in_365 end as count,
       case when not has_dates then null when in_90 >= 2 then 90 else 365 end as window_days
from size join claim using (rid) where if(has_dates, in_365, in_all) >= 2;
