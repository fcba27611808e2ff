create or replace view counted_back_after_break as
select rid, occasion, max(wall) as moment
from past where claim = 'back_after_break' and is_alike(item_id, title, own_item, own_title)
group by rid, occasion;

create or replace view found_back_after_break as
with day as (select distinct rid, moment::date as day from counted_back_after_break),
gap as (select *, day - lag(day) over (partition by rid order by day) as gap from day),
rhythm as (select rid, max(day) as last_day, median(gap) as interval_days, count(*) as n_days from gap group by rid),
steady as (
    select rid, avg((gap between interval_days / 2 and interval_days * 2)::int) as steady
    from gap join rhythm using (rid) where gap is not null group by rid)
select rid, interval_days, strftime(last_day, '%Y-%m-%d') as last
from rhythm join steady using (rid) join claim using (rid)
where n_days >= 4 and steady >= 0.6 and as_of::date - last_day > 3 * interval_days
  and as_of::date - last_day between 30 and 365 and has_dates;
