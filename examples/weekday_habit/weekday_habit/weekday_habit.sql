create or replace view day_of_weekday_habit as
with visit as (
    select rid, occasion, max(wall) as moment
    from past where claim = 'weekday_habit' and is_alike(item_id, title, own_item, own_title) group by rid, occasion)
select rid, moment, isodow(moment) - 1 as weekday from visit;

create or replace view found_weekday_habit as
with day as (select distinct rid, moment::date as day, weekday from day_of_weekday_habit),
tally as (select rid, weekday, count(*) as count from day group by rid, weekday),
total as (select rid, sum(count) as days from tally group by rid)
select rid, weekday, count / days as share, count
from tally join total using (rid)
where days >= 5 and count / days >= 0.6;

create or replace view counted_weekday_habit as
select rid, row_number() over (partition by rid order by moment) as occasion, moment, share
from day_of_weekday_habit join found_weekday_habit using (rid);
