create or replace view found_rated_item as
with rated as (
    select c.rid, e.value, row_number() over (partition by c.rid order by e.timestamp desc, e.value) as place
    from claim c join event e on e.user_id = c.user_id and e.item_id = c.other_item_id and e.timestamp < c.moment_utc
    where c.claim = 'rated_item' and e.value is not null and e.kind in (from rated_kind)),
own as (
    select c.rid from claim c join counted e on e.user_id = c.user_id and e.as_of = c.moment_utc
    where c.claim = 'rated_item' and is_alike(e.item_id, e.title, c.other_item_id, c.other_title)
    union
    select c.rid from claim c join event e on e.user_id = c.user_id and e.timestamp < c.moment_utc
    where c.claim = 'rated_item' and e.role = 'other' and is_alike(e.item_id, e.title, c.other_item_id, c.other_title))
select rid, other_item_id, value as rating, highest
from claim join rated using (rid) cross join rating_scale
where claim = 'rated_item' and place = 1 and value >= liked_from and value >= lowest + 0.75 * (highest - lowest) and round(value, 1) = value and highest is not null
  and rid in (select rid from own) and regexp_matches(other_title, '\p{L}')
  and not is_alike(other_item_id, other_title, item_id, own_title);
