create or replace view counted_frequent_item as
select rid, occasion, max(wall) as moment
from past where claim = 'frequent_item' and is_alike(item_id, title, other_item_id, other_title)
group by rid, occasion;

create or replace view found_frequent_item as
with size as (select rid, count(*) as count from counted_frequent_item group by rid)
select rid, other_item_id, count
from claim join size using (rid)
where count >= 3 and regexp_matches(other_title, '\p{L}')
  and not is_alike(other_item_id, other_title, item_id, own_title);
