create or replace view counted_same_colour as
select rid, occasion, max(wall) as moment
from past where claim = 'same_colour' and is_alike(item_id, title, other_item_id, other_title)
group by rid, occasion;

create or replace view found_same_colour as
with lab as (
    select item_id, embedding_colour[1] * 100 as light, embedding_colour[2] * 100 as a, embedding_colour[3] * 100 as b,
           embedding_colour[4] as share
    from items where embedding_colour is not null),
polar as (
    select *, (degrees(atan2(b, a)) + 360) % 360 as hue, sqrt(a * a + b * b) as chroma from lab where share >= 0.6),
named as (
    select *, case
        when hue >= 25 and hue < 45 and light >= 30 and light < 62 and chroma >= 45 then 'red'
        when hue >= 50 and hue < 73 and light >= 55 and light < 85 and chroma >= 45 then 'orange'
        when hue >= 40 and hue < 80 and light >= 15 and light < 45 and chroma >= 15 and chroma < 50 then 'brown'
        when hue >= 80 and hue < 110 and light >= 70 and chroma >= 40 then 'yellow'
        when hue >= 120 and hue < 180 and light >= 20 and light < 90 and chroma >= 25 then 'green'
        when hue >= 240 and hue < 307 and light >= 20 and light < 80 and chroma >= 25 then 'blue'
        when hue >= 310 and hue < 331 and light >= 20 and light < 55 and chroma >= 30 then 'purple'
        when (hue >= 345 or hue < 20) and light >= 60 and light < 90 and chroma >= 20 then 'pink' end as colour
    from polar),
own as (
    select distinct rid from past where claim = 'same_colour' and is_alike(item_id, title, other_item_id, other_title))
select rid, other_item_id, i.colour
from claim c join own using (rid) join named i using (item_id) join named o on o.item_id = other_item_id
     join items x on x.item_id = other_item_id
where claim = 'same_colour' and i.colour = o.colour and not is_alike(o.item_id, x.title, c.item_id, c.own_title)
  and round(sqrt((i.light - o.light) ** 2 + (i.a - o.a) ** 2 + (i.b - o.b) ** 2) / 100, 5) <= 0.04
  and not exists (
      select 1 from counted b
      where b.user_id = c.user_id and b.as_of = c.moment_utc and is_alike(b.item_id, b.title, c.item_id, c.own_title));
