create or replace view counted_due as
select rid, occasion, max(wall) as moment
from past where claim = 'due' and is_alike(item_id, title, own_item, own_title)
group by rid, occasion;

create or replace view found_due as
with day as (select distinct rid, moment::date as day from counted_due),
gap as (select *, day - lag(day) over (partition by rid order by day) as gap from day),
rhythm as (select rid, max(day) as last_day, median(gap) as interval_days, count(*) as n_days from gap group by rid),
steady as (
    select rid, avg((gap between interval_days / 2 and interval_days * 2)::int) as steady
    from gap join rhythm using (rid) where gap is not null group by rid),
late as (
    select rid, median(gap) as recent, arg_max(gap, day) as latest
    from (select *, row_number() over (partition by rid order by day desc) as age from gap where gap is not null)
    where age <= 5 group by rid),
size as (select rid, count(*) as count from counted_due group by rid)
select rid, interval_days, as_of::date - last_day as days_since, strftime(last_day, '%Y-%m-%d') as last, count
from rhythm join steady using (rid) join late using (rid) join size using (rid) join claim using (rid)
where n_days >= 4 and steady >= 0.6 and (as_of::date - last_day) / interval_days between 0.8 and 1.5 and has_dates
  and recent <= 1.5 * interval_days + 1 and interval_days <= 1.5 * recent + 1 and latest <= 2 * interval_days + 1;
