create or replace view found_season as
with bounds as (
    select date_trunc('month', wall_of(moment)) as month_end, moment - (select min(timestamp) from sold) as covered
    from shop),
row as (
    select category, wall >= month_end - interval 1 month as in_month
    from sold cross join bounds where wall >= month_end - interval 12 month and wall < month_end),
size as (
    select category, count(*) filter (in_month) as month_rows, count(*) as year_rows,
           sum(count(*) filter (in_month)) over () as month_all, sum(count(*)) over () as year_all
    from row group by category),
lift as (
    select category, floor(round((month_rows / month_all) / (year_rows / year_all), 6) * 10 + 1e-9) / 10 as lift
    from size where month_rows >= 100)
select rid, month(month_end - interval 1 month) as month, lift, category
from claim join lift on category = own_category cross join bounds
where claim = 'season' and lift >= 1.3 and covered >= interval 90 day and is_fresh and is_of_only_kind and has_dates;
