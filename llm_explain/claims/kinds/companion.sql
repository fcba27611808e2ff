create or replace view found_companion as
with own as (
    select c.rid, c.item_id, c.own_title, c.other_item_id, c.other_title, e.occasion, e.item_id as bought, e.title
    from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
    where c.claim = 'companion' and e.kind = 'purchase'),
per_order as (
    select rid, occasion, bool_or(is_alike(bought, title, item_id, own_title)) as has_item,
           bool_or(is_alike(bought, title, other_item_id, other_title)) as has_other
    from own group by rid, occasion),
size as (
    select rid, count(*) as n, count(*) filter (has_item) as n_item, count(*) filter (has_other) as orders,
           count(*) filter (has_item and has_other) as together
    from per_order group by rid)
select rid, other_item_id, together, orders
from size join claim using (rid)
where together >= 3 and 2 * together >= orders and together * n >= 2 * orders * n_item
  and regexp_matches(other_title, '\p{L}') and not is_alike(other_item_id, other_title, item_id, own_title);
