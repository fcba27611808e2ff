-- Every rule for a claim, once more, from the shop's raw tables. Written from the rules' words alone: it shares no code
-- with llm_explain.claims. It reads the views events, items and promotions (docs/design.md §8), the table told (one row a
-- claim: what it is about, none of its facts) and the table snapshot (one row: the moment of the statistics).
-- A view found_<kind> has a row for each claim whose rule holds, with the facts as they should be.

create or replace view event as
select e.*, i.category, i.brand
from events e join items i using (item_id);

create or replace view claim as
select t.*, i.category as own_category, i.brand as own_brand, i.title as own_title, s.moment,
       t.as_of - interval 7 day <= s.moment and s.moment <= t.as_of as is_fresh,
       replace(t.player, 'group:', '') as player_category
from told t join items i using (item_id) cross join snapshot s;

-- What the claim's user did before its as_of, in events of the kind that it speaks of.
create or replace view past as
select c.rid, c.claim, c.as_of, c.item_id as own_item, c.own_category, c.own_brand, c.player_category, c.other_item_id,
       e.item_id, e.category, e.brand, e.timestamp, e.price
from claim c join event e on e.user_id = c.user_id and e.kind = c.event_kind and e.timestamp < c.as_of;

create or replace view found_repeat_item as
select rid, count(distinct timestamp) as count, strftime(max(timestamp), '%Y-%m-%d') as last
from past where claim = 'repeat_item' and item_id = own_item
group by rid;

create or replace view found_due as
with own as (select * from past where claim = 'due' and item_id = own_item),
day as (select distinct rid, as_of::date as today, timestamp::date as day from own),
gap as (select *, day - lag(day) over (partition by rid order by day) as gap from day),
rhythm as (
    select rid, any_value(today) - max(day) as days_since, median(gap) as interval_days, count(*) as n_days
    from gap group by rid),
steady as (
    select rid, avg((gap between interval_days / 2 and interval_days * 2)::int) as steady
    from gap join rhythm using (rid) where gap is not null group by rid),
moments as (select rid, count(distinct timestamp) as count from own group by rid)
select rid, interval_days, days_since, count
from rhythm join steady using (rid) join moments using (rid)
where n_days >= 3 and steady >= 0.6 and days_since / interval_days between 0.8 and 2;

create or replace view found_category as
with counted as (
    select rid, any_value(claim) as claim, any_value(player_category) as category,
           any_value(player_category = own_category) as is_own,
           count(distinct timestamp) filter (timestamp >= as_of - interval 90 day) as in_90,
           count(distinct timestamp) filter (timestamp >= as_of - interval 365 day) as in_365
    from past where claim in ('category_affinity', 'related_category') and category = player_category
    group by rid)
select rid, claim, category, if(in_90 >= 2, in_90, in_365) as count, if(in_90 >= 2, 90, 365) as window_days
from counted where in_365 >= 2 and is_own = (claim = 'category_affinity');

create or replace view found_category_affinity as select * exclude claim from found_category where claim = 'category_affinity';
create or replace view found_related_category as select * exclude claim from found_category where claim = 'related_category';

create or replace view found_usual_brand as
select rid, any_value(own_brand) as brand, any_value(own_category) as category,
       count(distinct timestamp) filter (brand = own_brand) / count(distinct timestamp) as share,
       count(distinct timestamp) filter (brand = own_brand) as count
from past where claim = 'usual_brand' and category = own_category
group by rid
having count(distinct timestamp) filter (brand = own_brand) >= 3
   and 2 * count(distinct timestamp) filter (brand = own_brand) >= count(distinct timestamp);

create or replace view item_price as
select item_id, coalesce(median(price) filter (timestamp >= moment - interval 90 day), median(price)) as price
from events cross join snapshot where timestamp < moment and price > 0 group by item_id;

-- Prices are told in cents; half a cent of slack is left to the direction in which halves are rounded.
create or replace view found_usual_price as
with paid as (
    select rid, own_item, own_category, timestamp, round(price, 2) as price,
           row_number() over (partition by rid order by round(price, 2)) as rank, count(*) over (partition by rid) as n
    from past where claim = 'usual_price' and category = own_category and price > 0),
usual as (
    select rid, any_value(own_item) as item_id, any_value(own_category) as category,
           max(price) filter (rank = (2 * n + 9) // 10) as low, max(price) filter (rank = (8 * n + 9) // 10) as high
    from paid group by rid),
occasions as (
    select rid, count(distinct timestamp) as n_usual
    from paid join usual using (rid) where paid.price between low - 0.005 and high + 0.005 group by rid)
select rid, item_price.price, low, high, category
from usual join occasions using (rid) join item_price using (item_id) join claim using (rid)
where n_usual >= 5 and item_price.price between low - 0.006 and high + 0.006 and high <= 2.5 * low + 0.01 and is_fresh;

create or replace view usual_store as
with visits as (
    select c.rid, e.store_id, max(e.timestamp) as latest, count(distinct e.timestamp) as ever,
           count(distinct e.timestamp) filter (e.timestamp >= c.as_of - interval 90 day) as lately
    from claim c join event e on e.user_id = c.user_id and e.timestamp < c.as_of
    where c.claim = 'promotion' and e.store_id <> '' group by all),
weighed as (select *, if(max(lately) over (partition by rid) > 0, lately, ever) as n from visits)
select rid, store_id from weighed
qualify row_number() over (partition by rid order by n desc, latest desc, store_id) = 1;

create or replace view found_promotion as
select c.rid, p.label, strftime(p.start, '%Y-%m-%dT%H:%M:%S') as start, strftime(p."end", '%Y-%m-%dT%H:%M:%S') as "end",
       coalesce(p.store_id, '') as store_id
from claim c join promotions p using (item_id) left join usual_store u using (rid)
where c.claim = 'promotion' and p.start <= c.as_of and c.as_of < p."end" and p.label <> 'coupon'
  and coalesce(p.store_id, '') in ('', u.store_id)
qualify row_number() over (partition by c.rid order by p."end" desc, p.start, p.label, coalesce(p.store_id, '')) = 1;

create or replace view crowd as
select item_id, count(distinct user_id) as users
from events cross join snapshot where timestamp >= moment - interval 30 day and timestamp < moment group by item_id;

create or replace view found_popular as
with ranked as (select *, rank() over (order by users desc) - 1 as ahead, count(*) over () as sold from crowd)
select rid, (select max(band) from unnest([50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000]) as b(band)
             where band < users) as users_band,
       30 as window_days, strftime(moment, '%Y-%m-%dT%H:%M:%S') as until
from claim join ranked using (item_id)
where claim = 'popular' and users > 50 and ahead < 0.1 * sold and is_fresh;

create or replace view found_season as
with bounds as (
    select date_trunc('month', moment) as month_end, moment - (select min(timestamp) from events) as covered
    from snapshot),
row as (
    select category, timestamp >= month_end - interval 1 month as in_month
    from event cross join bounds where timestamp >= month_end - interval 12 month and timestamp < month_end),
counted as (
    select category, count(*) filter (in_month) as month_rows, count(*) as year_rows,
           sum(count(*) filter (in_month)) over () as month_all, sum(count(*)) over () as year_all
    from row group by category),
lift as (
    select category, floor(round((month_rows / month_all) / (year_rows / year_all), 6) * 10 + 1e-9) / 10 as lift
    from counted where month_rows >= 100)
select rid, month(month_end - interval 1 month) as month, lift, category
from claim join lift on category = own_category cross join bounds
where claim = 'season' and lift >= 1.3 and covered >= interval 90 day and is_fresh;

create or replace view found_new_arrival as
with first as (
    select item_id, coalesce(any_value(i.first_seen), min(e.timestamp)) as first
    from items i left join events e using (item_id) group by item_id)
select rid, strftime(first, '%Y-%m-%d') as first_seen, as_of::date - first::date as days
from claim join first using (item_id) join crowd using (item_id)
where claim = 'new_arrival' and first < as_of and as_of::date - first::date <= 30 and users >= 5
  and first >= (select min(timestamp) from events) + interval 90 day and is_fresh;

-- Similar items: only the pairs (told item, any item) are counted, not the whole square.
create or replace view found_similar_item as
with buyer as (
    select distinct item_id, user_id from events cross join snapshot
    where timestamp >= moment - interval 365 day and timestamp < moment),
size as (select item_id, count(*) as n from buyer group by item_id having count(*) >= 50),
asked as (select distinct item_id from claim where claim = 'similar_item'),
shared as (
    select a.item_id, b.item_id as other_item_id, count(*) as both_n
    from asked join buyer a using (item_id) join buyer b on b.user_id = a.user_id and b.item_id <> a.item_id
    group by all),
near as (
    select s.*, both_n / sqrt(i.n * j.n) as similarity
    from shared s join size i using (item_id) join size j on j.item_id = s.other_item_id
    where both_n * (select count(distinct user_id) from buyer) / (i.n * j.n) >= 2 - 1e-5),
ten as (
    select *, rank() over (partition by item_id order by round(similarity, 5) desc) as place from near),
own as (
    select rid, any_value(other_item_id) as other_item_id,
           count(distinct timestamp) filter (item_id = other_item_id) as n_other, count(distinct timestamp) as n_group
    from past where claim = 'similar_item' and category = player_category group by rid)
select rid, other_item_id, floor(round(similarity, 6) * 100 + 1e-9) / 100 as similarity
from claim join own using (rid, other_item_id) join ten using (item_id, other_item_id)
     join items o on o.item_id = other_item_id
where claim = 'similar_item' and place <= 10 and similarity >= 0.1 - 1e-6 and n_other > 0 and 2 * n_other >= n_group
  and o.category = player_category and o.title <> own_title
  and as_of - interval 90 day <= moment and moment <= as_of;
