-- Orders of everyone in the year before the snapshot, counted at its moment. A table: the share reads it four times.
create or replace table ordered_together as
select user_id, occasion, item_id
from counted_occasions('everyone') cross join shop where timestamp >= moment - interval 365 day;

-- Only the pairs that claims name are counted.
create or replace view together_share as
with size as (
    select item_id, count(distinct user_id) as users, count(distinct (user_id, occasion)) as orders
    from ordered_together group by item_id),
pair as (select distinct item_id, other_item_id from claim where claim = 'bought_together'),
both_items as (
    select p.item_id, p.other_item_id, count(distinct a.user_id) as users, count(distinct (a.user_id, a.occasion)) as orders
    from pair p join ordered_together a on a.item_id = p.other_item_id
         join ordered_together b on b.item_id = p.item_id and b.user_id = a.user_id and b.occasion = a.occasion
    group by all)
select b.item_id, b.other_item_id, floor(round(b.users / o.users, 6) * 100 + 1e-9) / 100 as together_share
from both_items b join size o on o.item_id = b.other_item_id join size i on i.item_id = b.item_id
where o.users >= 50 and o.users <= 0.5 * (select max(users) from size) and b.users >= 10 and b.users / o.users >= 0.3 - 1e-9
  and b.orders * (select count(distinct (user_id, occasion)) from ordered_together) >= 2 * o.orders * i.orders;

create or replace view found_bought_together as
with own as (
    select distinct rid from past
    where claim = 'bought_together' and is_alike(item_id, title, other_item_id, other_title))
select rid, other_item_id, together_share, least(365, log_days) as window_days,
       strftime(snapshot, '%Y-%m-%dT%H:%M:%S') as until
from claim c join own using (rid) join together_share using (item_id, other_item_id) cross join log_span
where claim = 'bought_together' and is_of_only_kind and c.event_kind = 'purchase' and c.has_dates
  and moment_utc - interval 90 day <= snapshot_utc and snapshot_utc <= moment_utc
  and regexp_matches(other_title, '\p{L}') and not is_alike(other_item_id, other_title, item_id, own_title);

create or replace view counted_bought_together as
select rid, occasion, max(wall) as moment, any_value(together_share) as share
from past join found_bought_together using (rid)
where claim = 'bought_together' and is_alike(item_id, title, past.other_item_id, other_title)
group by rid, occasion;
