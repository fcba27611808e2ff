create or replace table coming_events as
with coming_week as (select max(week_number) + 1 as n from sales where is_known),
seen as (select event, count(*) as times from holidays, coming_week where week_number < n group by event)
select string_agg(h.event, '|' order by h.event) as event, any_value(h.week) as week
from holidays h join coming_week on h.week_number = n left join seen s on s.event = h.event
having count(*) between 1 and 3 and min(coalesce(s.times, 0)) >= 2;

create or replace table found_holiday as
select w.item_id, w.store_id, e.event, floor(w.units + 0.5) as units, floor(w.without_holidays + 0.5) as without,
       floor(w.units + 0.5) - floor(w.without_holidays + 0.5) as difference
from weekly w join coming_events e on e.week = w.week
where w.without_holidays is not null;
