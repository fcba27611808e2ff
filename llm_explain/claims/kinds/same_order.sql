create or replace view same_order_order as
select c.rid, e.occasion, max(e.wall) filter (is_alike(e.item_id, e.title, c.item_id, c.own_title)) as moment,
       bool_or(is_alike(e.item_id, e.title, c.item_id, c.own_title)) as has_item,
       bool_or(is_alike(e.item_id, e.title, c.other_item_id, c.other_title)) as has_other
from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
where c.claim = 'same_order' and e.kind = 'purchase' group by c.rid, e.occasion;

create or replace view found_same_order as
select rid, other_item_id
from (select rid, arg_max(has_other, moment) as has_other from same_order_order where has_item group by rid)
join claim using (rid)
where has_other and regexp_matches(other_title, '\p{L}') and not is_alike(other_item_id, other_title, item_id, own_title);
