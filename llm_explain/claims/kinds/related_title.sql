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

create or replace macro name_words(title) as list_filter(regexp_split_to_array(
    regexp_replace(regexp_replace(coalesce(title, ''), '\([^()\d]*\)', ' ', 'g'),
        '\d[\d.,/]*[ -]?(?:fl oz|oz|lbs?|kg|mg|g|ml|cl|dl|l|liters?|litres?|gallons?|gal|quarts?|qt|pints?|pt|dozen|count|ct|packs?|pk|pieces|pcs|sheets|rolls|bags|bottles|cans|cups|tablets|capsules|pairs|sq ft|inches|inch|cm|mm|ft|m)\b|\b(?:pack|box|set|bag|case|roll) of \d[\d.,]*|[,(] ?(?:size )?(?:xs|s|m|l|xl|xxl|extra[ -]large|small|medium|large|mini)\b',
        ' ', 'gi'),
    '(?:[\s,;:()/|–—]|-\s)+'), lambda word: word <> '');
create or replace macro small(words) as list_transform(words, lambda word: lower(word));
-- Words at an end: 1 is the beginning, -1 the end.
create or replace macro at_end(words, n, side) as
    case when n > len(words) then null when side = 1 then words[1:n] else words[len(words) - n + 1:] end;
create or replace macro but_end(words, n, side) as if(side = 1, words[n + 1:], words[:len(words) - n]);
create or replace macro of_one_stem(a, b) as
    abs(len(a) - len(b)) <= 2 and (starts_with(a, b) or starts_with(b, a));
create or replace macro is_word(word) as regexp_full_match(word, '\p{L}{3,}');
create or replace macro says_category(part, side, category) as len(list_filter(
    regexp_extract_all(lower(category), '\p{L}{3,}'),
    lambda word: (is_word(part[-1]) and of_one_stem(part[-1], word)) or (side = 1 and is_word(part[1]) and of_one_stem(part[1], word)))) > 0;
create or replace macro said(words) as array_to_string(words, ' ');
create or replace macro is_said(words, title) as
    contains(title, said(words)) and regexp_matches(said(words), '\p{L}{3,}') and not regexp_matches(said(words), '\d');

create or replace table catalogue_name as select distinct small(name_words(title)) as words, coalesce(category, '') as category from items;
create or replace table name_end as
select words, category, side, if(side = 1, words[1], words[-1]) as outer_word from catalogue_name cross join (values (1), (-1)) as s(side);

-- Where names have their things: at the end, unless a tenth of them at most end in a word of their category.
create or replace table thing_end as
select if(coalesce(avg(says_category(words, -1, category)::int), 1) >= 0.1, -1, 1) as side from catalogue_name
where category <> '' and len(words) > 0;
create or replace macro thing_side() as (select side from thing_end);

create or replace view title_pair as
select c.rid, c.event_kind, c.own_title, c.other_title, coalesce(c.own_category, '') as own_category, coalesce(o.category, '') as other_category,
       name_words(c.own_title) as own, name_words(c.other_title) as known, o.brand is not distinct from c.own_brand as is_of_brand,
       coalesce(o.brand <> c.own_brand, false) as is_of_other_brand, nullif(c.own_brand, '') as brand
from claim c join items o on o.item_id = c.other_item_id
where c.claim = 'related_title' and regexp_matches(c.other_title, '\p{L}')
  and exists (
      select 1 from past p where p.rid = c.rid and p.item_id = c.other_item_id)
  and not exists (
      select 1 from counted b
      where b.user_id = c.user_id and b.as_of = c.moment_utc and is_alike(b.item_id, b.title, c.item_id, c.own_title));

-- Where both titles can be parted: the words that they share at one side, and what is left of each.
create or replace view title_split as
with pair as materialized (from title_pair where event_kind = 'purchase' and is_of_brand)
select *, at_end(small(own), n, side) as part
from (select *, unnest(range(1, least(len(own), len(known))::bigint)) as n from pair)
     cross join (values (1), (-1)) as s(side)
where at_end(small(own), n, side) = at_end(small(known), n, side);

-- Parts of titles that are a thing and no part of a longer one.
create or replace view whole_part as
with split as materialized (from title_split),
asked as (
    select small(own) as name, n, side, own_category as category from split
    union select small(known), n, side, other_category from split
    union select small(own), len(own) - n, -side, own_category from split
    union select small(known), len(known) - n, -side, other_category from split),
part as (select *, at_end(name, n, side) as part, at_end(name, n + 1, side) as longer from asked)
select p.name, p.n, p.side, p.category
from part p join name_end e on e.side = p.side and e.outer_word = if(p.side = 1, p.part[1], p.part[-1])
where p.side = thing_side() and at_end(e.words, p.n, p.side) = p.part
  and (says_category(p.part, p.side, p.category) or (p.category = '' and p.side = -1 and (
      select count(distinct o.words) from name_end o
      where o.side = 1 and o.outer_word = p.name[1] and at_end(o.words, len(p.name) - p.n, 1) = but_end(p.name, p.n, -1)) >= 2))
group by p.name, p.n, p.side, p.category
having count(distinct e.words) filter (len(e.words) > p.n) >= if(p.category = '', 3, 2) and bool_and(e.category = p.category)
   and count(distinct e.words) filter (at_end(e.words, p.n + 1, p.side) = p.longer) = 1;

create or replace view split_parts as
with whole as materialized (from whole_part)
select s.*, t.name is not null and u.name is not null as is_thing, v.name is not null and w.name is not null as leaves_things
from title_split s
     left join whole t on t.name = small(own) and t.n = s.n and t.side = s.side and t.category = own_category
     left join whole u on u.name = small(known) and u.n = s.n and u.side = s.side and u.category = other_category
     left join whole v on v.name = small(own) and v.n = len(own) - s.n and v.side = -s.side and v.category = own_category
     left join whole w on w.name = small(known) and w.n = len(known) - s.n and w.side = -s.side and w.category = other_category;

create or replace view related_range as
select *, said(at_end(own, n, side)) as range_name, said(but_end(own, n, side)) as own_thing, said(but_end(known, n, side)) as known_thing
from split_parts s
where leaves_things and side = -thing_side() and n >= 2 and is_word(if(side = 1, part[-1], part[1]))
  and not exists (
      select 1 from name_end e
      where e.side = -s.side and starts_with(e.outer_word, if(s.side = 1, s.part[-1], s.part[1]))
        and len(e.outer_word) <= len(if(s.side = 1, s.part[-1], s.part[1])) + 2)
  and part not in (select small(name_words(brand)) from items where brand is not null)
  and (select count(distinct e.words) from name_end e where e.side = s.side and at_end(e.words, s.n, s.side) = s.part)
      <= 0.2 * (select count(distinct words) from catalogue_name)
qualify row_number() over (partition by rid order by n desc) = 1;

create or replace view related_thing as
select *, said(at_end(own, n, side)) as thing, said(but_end(own, n, side)) as design, said(but_end(known, n, side)) as known_design
from split_parts where is_thing and side = thing_side() and own_category = other_category
  and (brand is null or not contains(lower(own_title || ' ' || other_title), lower(brand)))
qualify row_number() over (partition by rid order by n desc) = 1;

create or replace macro series_of(title) as
    coalesce(nullif(regexp_extract(title, '^(.*?\S)(?:\s*[:–—]\s.*|\s-\s.*|\s*[,(]\s*(?:\p{L}+\.?\s+)?\d{1,2}\)?)$', 1, 's'), ''), title);

create or replace view rated_related as
select c.rid, e.value as rating
from claim c join event e on e.user_id = c.user_id and e.item_id = c.other_item_id and e.timestamp < c.moment_utc
where c.claim = 'related_title' and e.value is not null and e.kind in (from rated_kind)
qualify row_number() over (partition by c.rid order by e.timestamp desc, e.value) = 1;

create or replace view related_genre as
select rid, own_category as category, rating, if(rating is null, null, highest) as highest
from title_pair left join (
    select rid, rating, highest from rated_related cross join rating_scale
    where highest is not null and rating >= greatest(liked_from, lowest + 0.75 * (highest - lowest)) and round(rating, 1) = rating) using (rid)
where own_category = other_category and own_category <> '' and (event_kind <> 'purchase' or rating is not null)
  and (select count(*) from items i where i.category = own_category) <= 0.34 * (select count(*) from items);

create or replace view related_brand as
select rid, brand from title_pair
where is_of_brand and lower(brand) not in (from own_brand)
  and (event_kind <> 'purchase' or own_category = other_category or (select has_creators from shop))
  and (select count(*) from items i where i.brand = title_pair.brand) <= 0.1 * (select count(*) from items);

create or replace view sized_purchase as
with bought as (
    select rid, item_id, title, own_title, max(wall) as wall
    from past
    where claim = 'related_title' and kind = 'purchase' and category is not distinct from own_category
      and brand is not distinct from own_brand
    group by rid, item_id, title, own_title),
parted as (select *, sizes_of(own_title) as own, sizes_of(title) as other from bought)
select rid, item_id, wall, own, other,
       words_without(own_title, own) = words_without(title, other) and len(own) = len(other) as is_one_product
from parted;

create or replace view related_size as
with pair as (
    select rid, item_id, wall, unnest(list_zip(own, other)) as size from sized_purchase where is_one_product),
changed as (
    select rid, item_id, any_value(wall) as wall, count(*) as n, any_value(size[1]) as size, any_value(size[2]) as other_size
    from pair where size[1] <> size[2] group by rid, item_id),
known as (select distinct rid from past where claim = 'related_title' and is_alike(item_id, title, own_item, own_title))
select rid, item_id, size, other_size
from changed anti join known using (rid)
where n = 1 and (number_in(size) = '' or greatest(figure_of(size), figure_of(other_size)) >= 1.3 * least(figure_of(size), figure_of(other_size)))
  and amount_of(size) <> amount_of(other_size) and kind_of_size(size) = kind_of_size(other_size)
qualify row_number() over (partition by rid order by wall desc, item_id) = 1;

create or replace view found_related_title as
with told as (
    select rid, item_id as other_item_id, size, other_size, null as series, null as range_name, null as own_thing, null as known_thing,
           null as thing, null as design, null as known_design, null as brand, null as category, null as rating, null as highest, 1 as place
    from related_size
    union all by name
    select p.rid, c.other_item_id, series_of(p.own_title) as series, 2 as place
    from title_pair p join claim c using (rid)
    where p.event_kind <> 'purchase' and not is_of_other_brand and not (p.event_kind = 'play' and (select has_creators from shop))
      and lower(series_of(p.own_title)) = lower(series_of(p.other_title)) and lower(p.own_title) <> lower(p.other_title)
      and (series_of(p.own_title) <> p.own_title or series_of(p.other_title) <> p.other_title) and regexp_matches(series_of(p.own_title), '\p{L}{3,}')
    union all by name
    select rid, c.other_item_id, r.range_name, r.own_thing, r.known_thing, 3 as place from related_range r join claim c using (rid)
    where is_said(at_end(own, n, side), r.own_title) and is_said(but_end(own, n, side), r.own_title) and is_said(but_end(known, n, side), r.other_title) and lower(own_thing) <> lower(known_thing)
    union all by name
    select rid, c.other_item_id, r.thing, r.design, r.known_design, 4 as place from related_thing r join claim c using (rid)
    where is_said(at_end(own, n, side), r.own_title) and is_said(but_end(own, n, side), r.own_title) and is_said(but_end(known, n, side), r.other_title)
      and lower(design) <> lower(known_design)
    union all by name
    select rid, c.other_item_id, r.brand, 5 as place from related_brand r join claim c using (rid)
    union all by name
    select rid, c.other_item_id, r.category, r.rating, r.highest, 6 as place from related_genre r join claim c using (rid))
select told.* exclude place from told join claim c on c.rid = told.rid and c.other_item_id = told.other_item_id
qualify row_number() over (partition by told.rid order by place) = 1;
