create or replace view counted_repeat_item as
select rid, occasion, max(wall) as moment
from past where claim = 'repeat_item' and is_alike(item_id, title, own_item, own_title)
group by rid, occasion;

create or replace view found_repeat_item as
select rid, count(*) as count, if(any_value(has_dates), strftime(max(moment), '%Y-%m-%d'), null) as last
from counted_repeat_item join claim using (rid) group by rid;
