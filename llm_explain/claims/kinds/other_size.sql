create or replace macro sizes_of(title) as list_transform(regexp_extract_all(lower(title),
    '\d[\d.,/]*[ -]?(?:fl oz|oz|lbs?|kg|mg|g|ml|cl|dl|l|liters?|litres?|gallons?|gal|quarts?|qt|pints?|pt|dozen|count|ct|packs?|pk|pieces|pcs|sheets|rolls|bags|bottles|cans|cups|tablets|capsules|pairs|sq ft|inches|inch|cm|mm|ft|m)\b|\b(?:pack|box|set|bag|case|roll) of \d[\d.,]*|[,(] ?(?:size )?(?:xs|s|m|l|xl|xxl|extra[ -]large|small|medium|large|mini)\b'),
    lambda size: trim(size, ' ,('));

create or replace macro words_without(title, sizes) as
    trim(regexp_replace(list_reduce(list_prepend(lower(title), sizes), lambda rest, size: replace(rest, size, ' ')), '[^\p{L}\p{N}]+', ' ', 'g'));

create or replace macro number_in(size) as replace(regexp_extract(size, '\d[\d.,/]*'), ',', '');
create or replace macro unit_of(size) as regexp_replace(regexp_replace(size, '\d[\d.,/]*', ''), '[^\p{L}\p{N}]+', '', 'g');
create or replace macro amount_of(size) as
    case when number_in(size) = '' then size
         when unit_of(size) = 'dozen' and regexp_matches(number_in(size), '^\d+$') then (12 * number_in(size)::int) || ' count'
         else number_in(size) || ' ' || unit_of(size) end;
create or replace macro figure_of(size) as
    coalesce(try_cast(trim(number_in(size), './') as double), 0) * if(unit_of(size) = 'dozen', 12, 1);
create or replace macro kind_of_size(size) as
    case when number_in(size) = '' then '' when unit_of(size) = 'dozen' then 'count' else unit_of(size) end;

create or replace view sized_purchase as
with bought as (
    select rid, item_id, title, own_title, max(wall) as wall
    from past
    where claim = 'other_size' and kind = 'purchase' and category is not distinct from own_category
      and brand is not distinct from own_brand
    group by rid, item_id, title, own_title),
parted as (select *, sizes_of(own_title) as own, sizes_of(title) as other from bought)
select rid, item_id, wall, own, other,
       words_without(own_title, own) = words_without(title, other) and len(own) = len(other) as is_one_product
from parted;

create or replace view found_other_size as
with pair as (
    select rid, item_id, wall, unnest(list_zip(own, other)) as size from sized_purchase where is_one_product),
changed as (
    select rid, item_id, any_value(wall) as wall, count(*) as n, any_value(size[1]) as size, any_value(size[2]) as other_size
    from pair where size[1] <> size[2] group by rid, item_id),
known as (select distinct rid from past where claim = 'other_size' and is_alike(item_id, title, own_item, own_title))
select rid, item_id as other_item_id, size, other_size
from changed anti join known using (rid)
where n = 1 and (number_in(size) = '' or greatest(figure_of(size), figure_of(other_size)) >= 1.3 * least(figure_of(size), figure_of(other_size)))
  and amount_of(size) <> amount_of(other_size) and kind_of_size(size) = kind_of_size(other_size)
qualify row_number() over (partition by rid order by wall desc, item_id) = 1;
