create or replace macro size_of(title) as
    replace(list_extract(regexp_extract_all(lower(title), '\d[\d.,/]*\s*\p{L}+'), -1), ' ', '');

create or replace view title_word as
select distinct item_id, title, coalesce(category, '') as category, unnest(regexp_extract_all(lower(title), '\p{L}{3,}')) as word
from items;

create or replace view telling_word as
select word from title_word group by word
having count(distinct title) <= greatest(2, 0.01 * (select count(distinct title) from items))
   and count(distinct category) <= 3;

create or replace view own_brand_price as
select item_id, round(price, 2) as price from items;

create or replace view found_own_brand as
with alike as (
    select distinct a.item_id, b.item_id as bought
    from title_word a join title_word b using (word) join telling_word using (word)
    where a.item_id in (select item_id from claim where claim = 'own_brand')),
known as (select distinct rid from past where claim = 'own_brand' and is_alike(item_id, title, own_item, own_title)),
bought as (
    select p.rid, p.item_id as bought, p.wall, round(p.price, 2) as last_paid
    from past p join alike a on a.item_id = p.own_item and a.bought = p.item_id
    where p.claim = 'own_brand' and p.kind = 'purchase' and round(p.price, 2) > 0 and p.category = p.own_category
      and lower(p.brand) not in (from own_brand) and size_of(p.title) = size_of(p.own_title)
      and p.brand not similar to 'brand #\d+'
    qualify row_number() over (partition by rid order by wall desc, round(p.price, 2), p.item_id) = 1)
select rid, bought as other_item_id, t.price, last_paid
from claim join bought using (rid) join own_brand_price t using (item_id) anti join known using (rid)
where lower(own_brand) in (from own_brand) and t.price > 0 and t.price <= 0.95 * last_paid + 1e-6
  and t.price >= 0.5 * last_paid - 1e-6 and is_fresh and has_dates;
