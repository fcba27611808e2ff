-- The views that the claim kinds' SQL files use, over the table asked: one row a claim, with what the claim is about and
-- none of its facts.

-- Each claim with its item and the wall clock. The statistics of the shop are fresh for a week.
create or replace view claim as
select a.* exclude as_of, a.as_of as moment_utc, wall_of(a.as_of) as as_of,
       i.category as own_category, i.brand as own_brand, i.title as own_title,
       o.title as other_title,
       s.moment as snapshot_utc, wall_of(s.moment) as snapshot,
       a.as_of - interval 7 day <= s.moment and s.moment <= a.as_of as is_fresh, s.has_dates,
       a.event_kind in (from target_kind) and (select count(*) from target_kind) = 1 as is_of_only_kind,
       replace(a.player, 'group:', '') as player_category
from asked a left join items i using (item_id) left join items o on o.item_id = a.other_item_id cross join shop s;

create or replace table viewpoint as select distinct user_id, as_of from asked;
create or replace table counted as select * from counted_occasions('viewpoint');

-- What the claim's user did before its moment, in events of the kind that it speaks of.
create or replace view past as
select c.rid, c.claim, c.as_of, c.has_dates, c.item_id as own_item, c.own_category, c.own_brand, c.own_title, c.player_category,
       c.other_item_id, c.other_title, e.item_id, e.category, e.brand, e.title, e.store_id, e.kind, e.price, e.wall, e.occasion
from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc and e.kind = c.event_kind;

-- The present tense and each word of degree, from the occasions that the claims count: a table occasions_counted with
-- rid, moment (wall clock) and share (null if the claim states none).
create or replace view found_degrees as
with day as (select distinct rid, moment::date as day from occasions_counted),
gap as (select rid, day, day - lag(day) over (partition by rid order by day) as gap from day),
rhythm as (select rid, max(day) as last_day, median(gap) as usual_gap from gap group by rid),
alive as (
    select rid, as_of::date - last_day as days_since, days_since <= greatest(2 * coalesce(usual_gap, 0), 14) as is_alive
    from rhythm join claim using (rid))
select rid,
       count(*) >= 2 and any_value(is_alive) and any_value(days_since) <= 90 as current,
       count(*) filter (moment >= as_of - interval 90 day) >= 3 as often,
       count(*) filter (moment >= as_of - interval 180 day) >= 3
           and count(distinct date_trunc('month', moment)) filter (moment >= as_of - interval 180 day) >= 3
           and current as regularly,
       coalesce(any_value(share) >= 0.6, false) and count(*) >= 5 and current as usually,
       any_value(days_since) <= 14 as recently,
       coalesce(any_value(share) >= 0.1 - 1e-9, false) as some,
       coalesce(any_value(share) >= 0.5 - 1e-9, false) as crowd
from occasions_counted join claim using (rid) join alive using (rid)
group by rid;
