-- When a word of degree may be said, from the words' rules alone. Needs the views of facts.sql. The view found_degrees
-- has a row for each claim: which of the four words the moments that the claim counts permit.

create or replace view brand_moments as
select rid, timestamp from past where claim = 'usual_brand' and category = own_category and brand = own_brand;

create or replace view brand_share as
select rid, count(distinct timestamp) filter (brand = own_brand) / count(distinct timestamp) as share
from past where claim = 'usual_brand' and category = own_category group by rid;

create or replace view price_rows as
with paid as (
    select rid, timestamp, round(price, 2) as price,
           row_number() over (partition by rid order by round(price, 2)) as rank, count(*) over (partition by rid) as n
    from past where claim = 'usual_price' and category = own_category and price > 0),
bounds as (
    select rid, max(price) filter (rank = (2 * n + 9) // 10) as low, max(price) filter (rank = (8 * n + 9) // 10) as high
    from paid group by rid)
select rid, timestamp, price between low - 0.005 and high + 0.005 as is_usual from paid join bounds using (rid);

-- The moments that each claim counts: of the item, of the category, of the brand, at the usual price.
create or replace view counted as
select rid, timestamp from past where claim in ('repeat_item', 'due') and item_id = own_item
union all
select rid, timestamp from past where claim in ('category_affinity', 'related_category') and category = player_category
union all
select rid, timestamp from past where claim = 'similar_item' and item_id = other_item_id
union all
select rid, timestamp from brand_moments
union all
select rid, timestamp from price_rows where is_usual;

create or replace view claim_share as
select rid, share from brand_share
union all
select rid, avg(is_usual::int) as share from price_rows group by rid;

create or replace view found_degrees as
with moment as (select distinct rid, timestamp from counted)
select rid,
       count(*) filter (timestamp >= as_of - interval 90 day) >= 3 as often,
       count(*) filter (timestamp >= as_of - interval 180 day) >= 3
           and count(distinct date_trunc('month', timestamp)) filter (timestamp >= as_of - interval 180 day) >= 3
           as regularly,
       coalesce(any_value(share) >= 0.6, false) and count(*) >= 5 as usually,
       any_value(as_of)::date - max(timestamp)::date <= 14 as recently
from moment join claim using (rid) left join claim_share using (rid) group by rid;
