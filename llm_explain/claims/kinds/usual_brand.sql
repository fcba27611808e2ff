-- An occasion may hold the own brand and others: it counts for the brand if any of its items is of it.
create or replace view counted_usual_brand as
with visit as (
    select rid, occasion, max(wall) filter (brand = own_brand) as moment
    from past where claim = 'usual_brand' and category = own_category group by rid, occasion)
select rid, occasion, moment, share
from visit join (select rid, count(moment) / count(*) as share from visit group by rid) using (rid)
where moment is not null;

create or replace view found_usual_brand as
with rival as (
    select rid, brand, count(distinct occasion) as n
    from past where claim = 'usual_brand' and category = own_category and brand <> own_brand group by rid, brand),
choice as (
    select own.item_id, count(*) filter (other.brand = own.brand) / count(*) as share
    from items own join items other on other.category = own.category and other.brand <> '' and other.brand is not null
    where own.item_id in (select item_id from claim where claim = 'usual_brand') group by own.item_id),
own as (
    select rid, any_value(own_brand) as brand, any_value(own_category) as category, any_value(share) as share,
           count(*) as count
    from counted_usual_brand join claim using (rid) group by rid)
select own.* from own join claim using (rid) join choice on choice.item_id = claim.item_id
where choice.share <= 0.9 and own.count >= 3 and own.share >= 0.5 and own.count > coalesce((select max(n) from rival where rival.rid = own.rid), 0);
