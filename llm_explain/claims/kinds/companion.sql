create or replace view companion_order as
select c.rid, e.occasion, max(e.wall) filter (is_alike(e.item_id, e.title, c.item_id, c.own_title)) as moment,
       bool_or(is_alike(e.item_id, e.title, c.item_id, c.own_title)) as has_item,
       bool_or(is_alike(e.item_id, e.title, c.other_item_id, c.other_title)) as has_other
from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
where c.claim = 'companion' and e.kind = 'purchase' group by c.rid, e.occasion;

create or replace view companion_size as
select rid, count(*) as n, count(*) filter (has_item) as n_item, count(*) filter (has_other) as orders,
       count(*) filter (has_item and has_other) as together
from companion_order group by rid;

create or replace view counted_companion as
select rid, occasion, moment, together / greatest(orders, n_item) as share
from companion_order join companion_size using (rid) where has_item and has_other;

create or replace view found_companion as
select rid, other_item_id, together, orders
from companion_size join claim using (rid)
where orders >= 6 and 2 * together >= orders and together * (n - orders) >= 3 * orders * (n_item - together)
  and regexp_matches(other_title, '\p{L}') and not is_alike(other_item_id, other_title, item_id, own_title);
