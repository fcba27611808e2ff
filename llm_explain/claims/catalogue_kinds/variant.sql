create or replace view family as
select item_id, coalesce(nullif(parent_id::varchar, ''), item_id) as family from items;

create or replace view counted_variant as
select rid, occasion, max(wall) as moment
from past where claim = 'variant' and is_alike(item_id, title, other_item_id, other_title)
group by rid, occasion;

create or replace view found_variant as
with own as (select distinct rid from counted_variant),
known as (select distinct rid from past where claim = 'variant' and is_alike(item_id, title, own_item, own_title))
select rid, other_item_id
from claim join own using (rid) join family i on i.item_id = claim.item_id
     join family o on o.item_id = claim.other_item_id anti join known using (rid)
where claim = 'variant' and i.family = o.family and regexp_matches(other_title, '\p{L}')
  and not is_alike(other_item_id, other_title, claim.item_id, own_title);
