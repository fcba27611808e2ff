create or replace view counted_repeat_item as
select rid, occasion, max(wall) as moment
from past where claim = 'repeat_item' and item_id = own_item
group by rid, occasion;

create or replace view found_repeat_item as
select rid, count(*) as count, strftime(max(moment), '%Y-%m-%d') as last from counted_repeat_item group by rid;
