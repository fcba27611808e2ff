-- The rules of the claim kinds of churn, over the raw tables. A table `asked` has rid, user_id and as_of (UTC). A table
-- `setting` has recent_days, usual_days and the medians of all users; `unnameable` has categories that no text names.

create or replace table viewpoint as select distinct user_id, as_of from asked;
create or replace table counted as select * from counted_occasions('viewpoint');

create or replace view bought as
select a.rid, wall_of(a.as_of) as now, c.occasion, c.category, c.wall, coalesce(e.price * coalesce(e.quantity, 1), 0) as paid,
       e.item_id, e.store_id, e.timestamp
from asked a join counted c using (user_id, as_of) join events e on e.file_row_number = c.row;

create or replace macro recent() as (select recent_days from setting);
create or replace macro usual() as (select usual_days from setting);
create or replace macro half() as (select recent_days / 2 from setting);
create or replace macro days_of(n) as n * interval 1 day;

-- Days of the usual window since the first event: fractions of days, at least 1.
create or replace view known as
select rid, least(greatest(epoch(any_value(now) - min(wall)) / 86400.0, 1), usual()) as days from bought group by rid;

create or replace view found_visits_fell as
select rid, count(distinct occasion) filter (wall < now - days_of(recent()) and wall >= now - days_of(2 * recent())) as before,
       count(distinct occasion) filter (wall >= now - days_of(recent())) as after, recent() as days
from bought group by rid;
create or replace view found_visits_rose as from found_visits_fell;

create or replace view found_spend_fell as
select rid, round(coalesce(sum(paid) filter (wall < now - days_of(recent()) and wall >= now - days_of(2 * recent())), 0), 2) as before,
       round(coalesce(sum(paid) filter (wall >= now - days_of(recent())), 0), 2) as after, recent() as days
from bought group by rid;
create or replace view found_spend_rose as from found_spend_fell;

create or replace view found_visits_below_usual as
select rid, count(distinct occasion) filter (wall >= now - days_of(half())) as after,
       round(count(distinct occasion) filter (wall >= now - days_of(usual())) / any_value(known.days) * half(), 1) as usual, half() as days
from bought join known using (rid) group by rid;
create or replace view found_visits_above_usual as from found_visits_below_usual;

create or replace view found_spend_below_usual as
select rid, round(coalesce(sum(paid) filter (wall >= now - days_of(half())), 0), 2) as after,
       round(coalesce(sum(paid) filter (wall >= now - days_of(usual())), 0) / any_value(known.days) * half(), 2) as usual, half() as days
from bought join known using (rid) group by rid;
create or replace view found_spend_above_usual as from found_spend_below_usual;

-- Days between visits: a visit lies on the day of its first event.
create or replace view visit_day as
select rid, any_value(now)::date as today, occasion, min(wall)::date as day from bought group by rid, occasion;
create or replace macro describes(gaps, usual, mean, late, latest) as
    gaps >= 4 and mean <= 1.5 * usual + 1 and late <= 1.5 * usual + 1 and usual <= 1.5 * late + 1 and latest <= 2 * usual + 1;
create or replace view rhythm as
with day as (select distinct rid, today, day from visit_day),
gap as (
    select *, day - lag(day) over (partition by rid order by day) as gap,
           row_number() over (partition by rid order by day desc) as back
    from day),
found as (
    select rid, any_value(today) - max(day) as days, count(gap) as gaps, median(gap) as interval, avg(gap) as mean,
           max(gap) as longest, median(gap) filter (back <= 5) as late, max(gap) filter (back <= 5) as longest_late,
           max(gap) filter (back = 1) as latest
    from gap group by rid)
select *, coalesce(describes(gaps, interval, mean, late, latest), false) as is_steady from found;
create or replace view found_overdue as
select rid, days, interval from rhythm
where is_steady and days > 1.5 * greatest(interval, late) + 1 and days > longest_late and days <= longest;
create or replace view found_came_lately as
select rid, days, interval from rhythm where is_steady and days <= interval;
create or replace view found_longest_silence as
select rid, days, longest from rhythm where gaps >= 3 and days > longest and (not is_steady or days > 1.5 * greatest(interval, late) + 1);
create or replace view found_long_silence as
with day as (select distinct rid, day from visit_day),
gap as (select rid, day - lag(day) over (partition by rid order by day) as gap from day),
counted as (select rid, count(*) filter (gap < days) as shorter from gap join rhythm using (rid) group by rid)
select rid, days, shorter, gaps from rhythm join counted using (rid)
where not is_steady and gaps >= 5 and days <= longest and 5 * shorter >= 4 * gaps;

-- Regular categories: at least four days with a purchase. Given up: silent for twice the median gap, and twice that of
-- the last five gaps.
create or replace view habit as
with day as (select distinct rid, now::date as today, category, wall::date as day from bought where category <> ''),
gap as (
    select *, day - lag(day) over (partition by rid, category order by day) as gap,
           row_number() over (partition by rid, category order by day desc) as back
    from day)
select rid, category, count(*) as occasions, median(gap) as interval, any_value(today) - max(day) as days, max(day) as last,
       max(gap) filter (back <= 5) as longest_late,
       days > 2 * median(gap) and days > 2 * median(gap) filter (back <= 5) as is_given_up,
       describes(count(gap), median(gap), avg(gap), median(gap) filter (back <= 5), max(gap) filter (back = 1)) as is_steady
from gap group by rid, category having count(*) >= 4;

create or replace view found_category_given_up as
with total as (select rid, count(*) as regular, count(*) filter (is_given_up) - 1 as others from habit group by rid)
select rid, category, interval, days, last::varchar as last, others, regular
from habit join total using (rid)
where is_given_up and is_steady and days > longest_late and category not in (select category from unnameable)
qualify row_number() over (partition by rid order by occasions desc, category) = 1;

create or replace view found_habits_kept as
select rid, count(*) filter (is_given_up) as overdue, count(*) as regular, (select typical from setting) as typical from habit group by rid;

create or replace view found_narrow_range as
select rid, count(distinct category) filter (wall >= now - days_of(recent()) and category <> '') as count,
       (select categories from setting) as median, recent() as days
from bought group by rid;
create or replace view found_wide_range as from found_narrow_range;

create or replace view found_uneven as
with period as (
    select rid, k, round(coalesce(sum(paid) filter (wall >= now - days_of(half() * (k + 1)) and wall < now - days_of(half() * k)), 0), 2) as paid
    from bought cross join range(6) as r(k) group by rid, k)
select rid, min(paid) as low, max(paid) as high, count(*) filter (paid <= 0) as empty, half() as days, 6 as periods from period group by rid;
create or replace view found_even as from found_uneven;

create or replace view found_low_often as
with usual_day as (
    select rid, coalesce(sum(paid) filter (wall >= now - days_of(usual())), 0) / any_value(known.days) as usual,
           count(distinct occasion) filter (wall >= now - days_of(usual())) as visits, any_value(known.days) as days_known
    from bought join known using (rid) group by rid),
period as (
    select rid, k, coalesce(sum(paid) filter (wall >= now - days_of(half() * (k + 1)) and wall < now - days_of(half() * k)), 0) as paid
    from bought cross join range(6) as r(k) group by rid, k)
select rid, count(*) filter (paid <= share * usual * half()) as count, half() as days, 6 as periods, any_value(share) as share
from period join usual_day using (rid) join rhythm r using (rid) cross join setting
where visits >= 4 and days_known >= 6 * half() and not coalesce(r.interval > half(), false)
group by rid having count = 0 or bool_or(k = 0 and paid <= share * usual * half());
create or replace view found_low_never as from found_low_often where count = 0;

-- The longest gap that ended in the recent window; the short one has a visit.
create or replace view found_came_back as
with gap as (select *, day - lag(day) over (partition by rid order by day) as gap from (select distinct rid, today, day from visit_day)),
ended as (
    select rid, gap, day::varchar as until from gap join (select distinct rid, now from bought) using (rid)
    where gap is not null and day >= now - days_of(recent())
    qualify row_number() over (partition by rid order by gap desc, day desc) = 1)
select rid, gap, until from ended join rhythm using (rid)
where gap >= 2 * half() and gap > 2 * interval and rid in (from (select rid from bought where wall >= now - days_of(half())));

-- The outcome in as many days before the moment as the risk looks ahead.
create or replace view found_already as
select rid, any_value(horizon_days) as days, any_value(share) as share,
       count(distinct occasion) filter (wall >= now - days_of(horizon_days)) as visits,
       round(coalesce(sum(paid) filter (wall >= now - days_of(horizon_days)), 0), 2) as after,
       round(coalesce(sum(paid) filter (wall >= now - days_of(usual())), 0) / any_value(known.days) * any_value(horizon_days), 2) as usual
from bought join known using (rid) cross join setting group by rid;
create or replace view found_above_usual as
from found_already where rid in (select rid from bought where wall >= now - days_of(half()));
create or replace view found_usual_amount as from found_already;
create or replace view found_year_amount as
select rid, usual() as days, count(distinct occasion) filter (wall >= now - days_of(usual())) as visits,
       round(coalesce(sum(paid) filter (wall >= now - days_of(usual())), 0), 2) as spent
from bought group by rid having visits between 1 and 3 and spent > 0;

create or replace view usual_known as
select rid from bought group by rid having count(distinct occasion) filter (wall >= now - days_of(usual())) >= 4;
create or replace view found_small_spender as
select rid, round(coalesce(sum(paid) filter (wall >= now - days_of(usual())), 0) / any_value(known.days) * recent(), 2) as level,
       (select usual_spend from setting) as median, recent() as days
from bought join known using (rid) join usual_known using (rid) group by rid;
create or replace view found_big_spender as from found_small_spender;

create or replace view found_small_basket as
select rid, round(sum(paid) filter (wall >= now - days_of(usual())) / count(distinct occasion) filter (wall >= now - days_of(usual())), 2) as level,
       (select spend_per_visit from setting) as median, recent() as days, (count(distinct occasion) = 1)::int as is_only
from bought group by rid having is_only = 1 or count(distinct occasion) filter (wall >= now - days_of(usual())) > 1;
create or replace view found_large_basket as from found_small_basket;

create or replace view found_rare_visits as
select rid, interval as level, (select interval from setting) as median, recent() as days
from rhythm where is_steady;
create or replace view found_frequent_visits as from found_rare_visits;

create or replace view found_few_visits as
select rid, round(count(distinct occasion) filter (wall >= now - days_of(usual())) / any_value(known.days) * recent(), 1) as level,
       (select round(usual_visits, 1) from setting) as median, recent() as days
from bought join known using (rid) join usual_known using (rid) group by rid;
create or replace view found_many_visits as from found_few_visits;

create or replace view visited as select rid, count(distinct occasion) as visits from bought group by rid;
create or replace view compared as
select rid, days as level, (select days_since from setting) as median, recent() as days, gaps, interval, is_steady from rhythm;
create or replace view found_visited_lately as
from compared where level < median and (gaps < 3 or (not is_steady and level <= interval));
create or replace view found_visited_long_ago as
from compared join visited using (rid) where level > median and visits > 4 and gaps < 3;

create or replace view found_newcomer as
select rid, any_value(today) - min(day) as days from visit_day group by rid having any_value(today) - min(day) < 2 * recent();

create or replace view found_visited_once as select rid, days from rhythm join visited using (rid) where visits = 1;
create or replace view found_visited_seldom as
select rid, visits, days from rhythm join visited using (rid) where visits between 2 and 4;

create or replace view found_promoted_share as
with ran as (
    select rid, exists(
        select 1 from promotions p where p.item_id = b.item_id and p.start <= b.timestamp
            and b.timestamp < coalesce(p."end", timestamp '2261-12-31')
            and (coalesce(p.store_id, '') = '' or p.store_id = b.store_id)) as is_promoted
    from bought b where wall >= now - days_of(usual()))
select rid, round(avg(is_promoted::int), 4) as share, (select promoted_share from setting) as median from ran join usual_known using (rid) group by rid;

create or replace view found_asked_for_support as
select a.rid, count(*) as count, recent() as days
from asked a join events e using (user_id)
where e.kind in (from support_kind) and e.timestamp < a.as_of
    and wall_of(e.timestamp) >= wall_of(a.as_of) - days_of(recent())
group by a.rid;
