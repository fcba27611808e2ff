create or replace table promoted as
select distinct p.item_id, p.store_id from promotions p
where p.is_given and p.share >= 0.5 and p.week_number = (select max(week_number) + 1 from sales where is_known);

create or replace table found_other_items as
select s.item_id, s.store_id, count(p.item_id) as items
from (select distinct item_id, store_id from sales) s
join promoted p on p.store_id = s.store_id and p.item_id <> s.item_id
group by s.item_id, s.store_id;
