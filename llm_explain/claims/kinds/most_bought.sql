create or replace view found_most_bought as
with bought as (
    select c.rid, is_alike(e.item_id, e.title, c.item_id, c.own_title) as is_own, coalesce(nullif(e.title, ''), e.item_id) as title,
           count(distinct e.occasion) as orders
    from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
    where c.claim = 'most_bought' and e.kind = c.event_kind and (c.event_kind = 'purchase' or is_of_only_kind) and e.category = c.own_category
      and e.wall >= c.as_of - interval 365 day
    group by all),
size as (
    select rid, count(*) as titles, max(orders) filter (is_own) as own, max(orders) filter (not is_own) as other
    from bought group by rid)
select rid, own_category as category, least(365, log_days) as window_days
from size join claim using (rid) cross join log_span
where titles >= 3 and own >= 3 and own > other and has_dates and own_category <> '' and log_days >= 90
  and (log_days >= 365 or is_fresh);
