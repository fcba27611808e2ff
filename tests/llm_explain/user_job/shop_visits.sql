create or replace view counted_shop_visits as
select rid, occasion, max(wall) as moment
from past where claim = 'shop_visits' and wall >= as_of - interval 90 day
group by rid, occasion;

create or replace view found_shop_visits as
select rid, count(*) as count, 90 as window_days from counted_shop_visits group by rid;
