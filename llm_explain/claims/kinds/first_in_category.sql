create or replace view first_in_category_touched as
select distinct c.rid, e.category, lower(e.title) as title
from claim c join event e on e.user_id = c.user_id and e.timestamp < c.moment_utc where c.claim = 'first_in_category';

create or replace view found_first_in_category as
with orders as (select rid, count(distinct occasion) as orders from past where claim = 'first_in_category' group by rid),
said as (select distinct rid, unnest(regexp_extract_all(title, '\p{L}{3,}')) as word from first_in_category_touched),
name as (
    select distinct rid, unnest(regexp_extract_all(lower(own_category), '\p{L}{3,}')) as word
    from claim where claim = 'first_in_category'),
known as (
    select t.rid from first_in_category_touched t join claim c using (rid) where t.category = c.own_category
    union
    select rid from said s join name n using (rid)
    where (starts_with(s.word, n.word) or starts_with(n.word, s.word)) and abs(length(s.word) - length(n.word)) <= 2)
select rid, least(orders, 30) as orders, own_category as category
from claim join orders using (rid) anti join known using (rid)
where claim = 'first_in_category' and orders.orders >= 10 and is_of_only_kind;
