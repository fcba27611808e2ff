-- An occasion may hold the own brand and others: it counts for the brand if any of its items is of it.
create or replace view counted_usual_brand as
with visit as (
    select rid, occasion, max(wall) filter (brand = own_brand) as moment
    from past where claim = 'usual_brand' and category = own_category group by rid, occasion)
select rid, occasion, moment, share
from visit join (select rid, count(moment) / count(*) as share from visit group by rid) using (rid)
where moment is not null;

create or replace view found_usual_brand as
select rid, any_value(own_brand) as brand, any_value(own_category) as category, any_value(share) as share,
       count(*) as count
from counted_usual_brand join claim using (rid)
group by rid having count(*) >= 3 and any_value(share) >= 0.5;
