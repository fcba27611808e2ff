create or replace view counted_looks_like as
select rid, occasion, max(wall) as moment
from past where claim = 'looks_like' and is_alike(item_id, title, other_item_id, other_title)
group by rid, occasion;

create or replace view found_looks_like as
with wanted as (select distinct item_id, own_title from claim where claim = 'looks_like'),
pair as (
    select w.item_id, j.item_id as other_item_id,
           round(list_distance(i.embedding_image::double[], j.embedding_image::double[]), 5) as distance
    from wanted w join items i using (item_id) cross join items j
    where i.embedding_image is not null and j.embedding_image is not null
      and not is_alike(j.item_id, j.title, w.item_id, w.own_title)),
near as (
    select *, rank() over (partition by item_id order by distance) as place, count(*) over (partition by item_id) as pictures
    from pair),
own as (
    select distinct rid from past where claim = 'looks_like' and is_alike(item_id, title, other_item_id, other_title))
select rid, other_item_id, place, pictures
from claim c join own using (rid) join near using (item_id, other_item_id)
where claim = 'looks_like' and pictures >= 100 and place <= pictures // 100 and distance <= 0.5
  and not exists (
      select 1 from counted b
      where b.user_id = c.user_id and b.as_of = c.moment_utc and is_alike(b.item_id, b.title, c.item_id, c.own_title));
