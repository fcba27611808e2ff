create or replace view found_recent_signal as
with seen as (
    select c.rid, c.as_of, e.wall, e.channel
    from claim c join event e on e.user_id = c.user_id and e.timestamp < c.moment_utc
    where c.claim = 'recent_signal' and c.has_dates and e.kind = c.event_kind and e.role = 'other'
      and is_alike(e.item_id, e.title, c.item_id, c.own_title)
      and not exists (
          select 1 from counted b
          where b.user_id = c.user_id and b.as_of = c.moment_utc and b.wall::date >= e.wall::date
            and is_alike(b.item_id, b.title, c.item_id, c.own_title))),
latest as (select rid, max(wall) as wall from seen group by rid),
place as (
    select rid, case when count(distinct coalesce(channel, '')) = 1 and any_value(channel) in ('web', 'app', 'mini_program', 'shop')
                 and (select count(distinct channel) from event where channel <> '') > 1
                then any_value(channel) end as channel
    from seen join latest using (rid, wall) group by rid)
select rid, strftime(max(wall), '%Y-%m-%d') as last, any_value(place.channel) as channel
from seen join place using (rid) group by rid having max(wall) >= any_value(as_of) - interval 30 day;
