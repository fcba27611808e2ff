create or replace view counted_related_category as
select rid, occasion, max(wall) as moment
from past where claim = 'related_category' and category = player_category and player_category <> own_category
group by rid, occasion;

create or replace view found_related_category as
with size as (
    select rid, any_value(if(has_dates and log_days >= 90, 90, null)) as short,
           any_value(if(has_dates and log_days >= 365, 365, null)) as long,
           count(*) filter (not has_dates or log_days < 90 or moment >= as_of - interval 90 day) as in_short,
           count(*) filter (not has_dates or log_days < 365 or moment >= as_of - interval 365 day) as in_long
    from counted_related_category join claim using (rid) cross join log_span group by rid)
select rid, player_category as category, if(in_short >= 2, in_short, in_long) as count,
       if(in_short >= 2, short, long) as window_days
from size join claim using (rid) where in_long >= 2;
