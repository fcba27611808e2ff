create or replace view order_with_item as
select c.rid, e.occasion, max(e.wall) as moment,
       bool_or(is_alike(e.item_id, e.title, c.item_id, c.own_title)) as has_item
from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
where c.claim = 'latest_orders' and e.kind = 'purchase' group by c.rid, e.occasion;

create or replace view found_latest_orders as
with fifth as (
    select rid, moment as fifth from order_with_item
    qualify row_number() over (partition by rid order by moment desc) = 5)
select rid, count(*) filter (has_item) as having, count(*) as orders
from order_with_item join fifth using (rid) where moment >= fifth group by rid having count(*) filter (has_item) >= 3;
