-- Users of each item in the year before the snapshot, with their first and their last event.
create or replace view similar_item_user as
select item_id, user_id, min(timestamp) as first_moment, max(timestamp) as last_moment
from sold cross join shop where timestamp >= moment - interval 365 day group by item_id, user_id;

-- Only the pairs that claims name are counted.
create or replace view similar_item_share as
with size as (select item_id, count(*) as n from similar_item_user group by item_id),
pair as (select distinct item_id, other_item_id from claim where claim = 'similar_item'),
later as (
    select p.item_id, p.other_item_id, count(*) as n_later
    from pair p join similar_item_user a on a.item_id = p.other_item_id
         join similar_item_user b on b.item_id = p.item_id and b.user_id = a.user_id and a.first_moment < b.last_moment
    group by all)
select l.item_id, l.other_item_id, floor(round(n_later / o.n, 6) * 100 + 1e-9) / 100 as next_share
from later l join size o on o.item_id = l.other_item_id join size i on i.item_id = l.item_id
where o.n >= 50 and n_later >= 10 and n_later / o.n >= 0.25 - 1e-9
  and n_later * (select count(distinct user_id) from similar_item_user) / (o.n * i.n) >= 1.5 - 1e-9;

create or replace view found_similar_item as
with own as (
    select distinct rid from past
    where claim = 'similar_item' and is_alike(item_id, title, other_item_id, other_title)
    union
    select c.rid
    from claim c join event e on e.user_id = c.user_id and e.timestamp < c.moment_utc
    where c.claim = 'similar_item' and c.event_kind not in (from target_kind) and e.kind = c.event_kind and e.role = 'other'
      and is_alike(e.item_id, e.title, c.other_item_id, c.other_title))
select rid, other_item_id, if(may_say, next_share, null) as next_share,
       if(may_say and next_share is not null, least(365, log_days), null) as window_days,
       if(may_say and next_share is not null, strftime(snapshot, '%Y-%m-%dT%H:%M:%S'), null) as until
from (select *, is_of_only_kind and has_dates and moment_utc - interval 90 day <= snapshot_utc
             and snapshot_utc <= moment_utc as may_say from claim) c
     join own using (rid) left join similar_item_share using (item_id, other_item_id) cross join log_span
where claim = 'similar_item' and regexp_matches(other_title, '\p{L}')
  and not is_alike(other_item_id, other_title, item_id, own_title)
  and not exists (
      select 1 from counted b
      where b.user_id = c.user_id and b.as_of = c.moment_utc and is_alike(b.item_id, b.title, c.item_id, c.own_title));

create or replace view counted_similar_item as
select rid, occasion, max(wall) as moment, any_value(next_share) as share
from past join found_similar_item using (rid)
where claim = 'similar_item' and is_alike(item_id, title, past.other_item_id, other_title)
group by rid, occasion;
