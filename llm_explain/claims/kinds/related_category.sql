create or replace view counted_related_category as
select rid, occasion, max(wall) as moment
from past where claim = 'related_category' and category = player_category and player_category <> own_category
group by rid, occasion;

create or replace view found_related_category as
with size as (
    select rid, short, long, count(*) as in_all, count(*) filter (moment >= as_of - to_days(short)) as in_short,
           count(*) filter (moment >= as_of - to_days(long)) as in_long
    from counted_related_category join claim using (rid)
         cross join (select least(90, log_days) as short, least(365, log_days) as long from log_span)
    group by rid, short, long)
select rid, player_category as category,
       case when not has_dates then in_all when in_short >= 2 then in_short else in_long end as count,
       case when not has_dates then null when in_short >= 2 then short else long end as window_days
from size join claim using (rid) where if(has_dates, in_long, in_all) >= 2;
