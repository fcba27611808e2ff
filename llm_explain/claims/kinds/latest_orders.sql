create or replace view order_with_item as
select c.rid, e.occasion, max(e.wall) as moment,
       bool_or(is_alike(e.item_id, e.title, c.item_id, c.own_title)) as has_item
from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
where c.claim = 'latest_orders' and e.kind = 'purchase' group by c.rid, e.occasion;

create or replace view found_latest_orders as
with latest as (
    select rid, moment as first, n, least from order_with_item cross join (values (5, 3), (10, 4)) as a(n, least)
    qualify row_number() over (partition by rid, n order by moment desc) = n)
select rid, count(*) filter (has_item) as having, count(*) as orders
from order_with_item join latest using (rid) where moment >= first group by rid, n, least
having count(*) filter (has_item) >= least qualify row_number() over (partition by rid order by n) = 1;
