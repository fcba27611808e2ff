create or replace view found_first_in_category as
with orders as (select rid, count(distinct occasion) as orders from past where claim = 'first_in_category' group by rid),
known as (
    select distinct c.rid from claim c join event e on e.user_id = c.user_id and e.timestamp < c.moment_utc
    where c.claim = 'first_in_category' and e.category = c.own_category)
select rid, orders, own_category as category
from claim join orders using (rid) anti join known using (rid)
where orders >= 10 and is_of_only_kind;
