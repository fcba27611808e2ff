create or replace view counted_category_affinity as
select rid, occasion, max(wall) as moment
from past where claim = 'category_affinity' and category = player_category and player_category = own_category
group by rid, occasion;

create or replace view found_category_affinity as
with window_of as (
    select rid, count(*) filter (moment >= as_of - interval 90 day) as in_90,
           count(*) filter (moment >= as_of - interval 365 day) as in_365
    from counted_category_affinity join claim using (rid) group by rid)
select rid, player_category as category, if(in_90 >= 2, in_90, in_365) as count, if(in_90 >= 2, 90, 365) as window_days
from window_of join claim using (rid) where in_365 >= 2;
