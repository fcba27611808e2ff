create or replace view counted_similar_item as
select rid, occasion, max(wall) as moment
from past where claim = 'similar_item' and is_alike(item_id, title, other_item_id, other_title)
group by rid, occasion;

-- Only the pairs (asked item, any item) are counted, not the whole square.
create or replace view found_similar_item as
with buyer as (
    select distinct item_id, user_id from sold cross join shop where timestamp >= moment - interval 365 day),
size as (select item_id, count(*) as n from buyer group by item_id having count(*) >= 50),
wanted as (select distinct item_id from claim where claim = 'similar_item'),
shared as (
    select a.item_id, b.item_id as other_item_id, count(*) as both_n
    from wanted join buyer a using (item_id) join buyer b on b.user_id = a.user_id and b.item_id <> a.item_id
    group by all),
near as (
    select s.*, both_n / sqrt(i.n * j.n) as similarity
    from shared s join size i using (item_id) join size j on j.item_id = s.other_item_id
    where both_n * (select count(distinct user_id) from buyer) / (i.n * j.n) >= 2 - 1e-5),
ten as (
    select *, rank() over (partition by item_id order by round(similarity, 5) desc) as place from near),
own as (
    select rid, any_value(other_item_id) as other_item_id,
           count(distinct occasion) filter (is_alike(item_id, title, other_item_id, other_title)) as n_other, count(distinct occasion) as n_group
    from past where claim = 'similar_item' and category = player_category group by rid)
select rid, other_item_id, floor(round(similarity, 6) * 100 + 1e-9) / 100 as similarity
from claim join own using (rid, other_item_id) join ten using (item_id, other_item_id)
     join items o on o.item_id = other_item_id
where claim = 'similar_item' and place <= 10 and similarity >= 0.1 - 1e-6 and n_other > 0 and 2 * n_other >= n_group
  and o.category = player_category and not is_alike(o.item_id, o.title, item_id, own_title)
  and moment_utc - interval 90 day <= snapshot_utc and snapshot_utc <= moment_utc and is_of_only_kind;
