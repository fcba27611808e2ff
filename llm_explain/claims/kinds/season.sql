-- The last complete calendar month and the year that ends with it, which the scorer reads.
create or replace view season_month as
with bounds as (select date_trunc('month', wall_of(moment)) as month_end from shop),
row as (
    select category, wall >= month_end - interval 1 month as in_month
    from sold cross join bounds where wall >= month_end - interval 12 month and wall < month_end),
size as (
    select category, count(*) filter (in_month) as month_rows, count(*) as year_rows,
           sum(count(*) filter (in_month)) over () as month_all, sum(count(*)) over () as year_all
    from row group by category)
select category from size
where month_rows >= 100 and (month_rows / month_all) / (year_rows / year_all) >= 1 - 1e-9;

create or replace view season_weeks as
with pair as (
    select user_id, item_id, any_value(category) as category, bool_or(timestamp >= moment - interval 30 day) as is_recent
    from sold cross join shop where timestamp >= moment - interval 90 day group by user_id, item_id),
size as (
    select category, count(*) filter (is_recent) as recent, count(*) as usual,
           sum(count(*) filter (is_recent)) over () as recent_all, sum(count(*)) over () as usual_all
    from pair group by category)
select category, floor(round((recent / recent_all) / (usual / usual_all), 6) * 10 + 1e-9) / 10 as lift
from size where recent >= 100;

create or replace view found_season as
select rid, lift, w.category
from claim c join season_weeks w on w.category = c.own_category join season_month m on m.category = w.category
     cross join shop
where c.claim = 'season' and lift >= 1.3 and moment - (select min(timestamp) from sold) >= interval 90 day
  and is_fresh and is_of_only_kind and c.has_dates;
