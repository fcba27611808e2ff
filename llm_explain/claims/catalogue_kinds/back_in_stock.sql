create or replace view found_back_in_stock as
with changed as (
    select *, lag(available) over (partition by item_id order by moment nulls first, place) as before
    from availability qualify before is distinct from available),
step as (
    select item_id, moment, available, lag(available) over steps as was, lag(moment) over steps as gone,
           lead(available) over steps as later
    from changed window steps as (partition by item_id order by moment nulls first, place))
select rid, strftime(wall_of(moment), '%Y-%m-%d') as since
from claim join step using (item_id)
where claim = 'back_in_stock' and available and was = false and later is null
  and (gone is null or moment - gone >= interval 1 day)
  and as_of::date - wall_of(moment)::date <= 14 and moment <= moment_utc and has_dates;
