create or replace view usual_store as
with visits as (
    select c.rid, e.store_id, max(e.wall) as latest, count(distinct e.occasion) as ever,
           count(distinct e.occasion) filter (e.wall >= c.as_of - interval 90 day) as lately
    from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
    where c.claim = 'promotion' and e.store_id <> '' group by all),
weighed as (select *, if(max(lately) over (partition by rid) > 0, lately, ever) as n from visits)
select rid, store_id from weighed
qualify row_number() over (partition by rid order by n desc, latest desc, store_id) = 1;

-- The last day is that of the last moment before the end. An absent end and an end from 2200 on are open, and one at which the
-- same promotion, or a part of it, goes on is none.
create or replace view found_promotion as
select c.rid, p.label, strftime(wall_of(p.start), '%Y-%m-%d') as start,
       if(p."end" < timestamp '2200-01-01' and not exists(
              select 1 from promotions q where q.item_id = p.item_id and q.start <= p."end" and (q."end" is null or p."end" < q."end")
                and (contains(q.label, p.label) or contains(p.label, q.label)) and coalesce(q.store_id, '') in ('', u.store_id)),
          strftime(wall_of(p."end") - interval 1 microsecond, '%Y-%m-%d'), null) as until,
       coalesce(p.store_id, '') as store_id
from claim c join promotions p using (item_id) left join usual_store u using (rid)
where c.claim = 'promotion' and p.start <= c.moment_utc and (p."end" is null or c.moment_utc < p."end") and p.label <> 'coupon' and c.has_dates
  and coalesce(p.store_id, '') in ('', u.store_id)
qualify row_number() over (partition by c.rid order by p."end" desc nulls first, p.start, p.label, coalesce(p.store_id, '')) = 1;
