-- Statements order, promoted_order, missed_sales, stockout, above_recent, long_cover, overstock, dead, shortage and supply. A level between two ends of the forecasts is
-- linear in the level. A promotion is empty for the plan that the headline assumes.
create or replace table at_level as
select t.item_id, t.store_id, t.promotion, t.weeks, s.service_level as level,
       case when s.service_level <= 0.75 then t.units + (s.service_level - 0.5) / 0.25 * (t.high_50 - t.units)
            when s.service_level <= 0.9 then t.high_50 + (s.service_level - 0.75) / 0.15 * (t.high_80 - t.high_50)
            when s.service_level <= 0.95 then t.high_80 + (s.service_level - 0.9) / 0.05 * (t.high_90 - t.high_80)
            else t.high_90 + (s.service_level - 0.95) / 0.025 * (t.high_95 - t.high_90) end as raw
from (select *, '' as promotion from together union all by name select * exclude (price) from with_promotion) t join stock s on s.item_id = t.item_id and s.store_id = t.store_id;

create or replace table needs as
select item_id, store_id, promotion, weeks,
       max(raw) over (partition by item_id, store_id, promotion order by weeks) as units from at_level
union all select distinct item_id, store_id, promotion, 0, 0.0 from at_level;

-- What sells from now until a delivery that is ordered in 0 to 7 days. Days of the first week spread with the root of time.
create or replace table forecast_levels as
with wanted as (select item_id, store_id, day, (lead_time_days + day) / 7.0 as weeks from stock, range(8) d(day))
select w.item_id, w.store_id, a.promotion, w.day,
       if(w.weeks < 1, greatest(w.weeks * m.units + sqrt(w.weeks) * (b.units - m.units), 0),
          a.units + (w.weeks - floor(w.weeks)) * (coalesce(b.units, a.units) - a.units)) as units
from wanted w
join together m on m.item_id = w.item_id and m.store_id = w.store_id and m.weeks = 1
join needs a on a.item_id = w.item_id and a.store_id = w.store_id and a.weeks = floor(w.weeks)
left join needs b on b.item_id = w.item_id and b.store_id = w.store_id and b.promotion = a.promotion
  and b.weeks = floor(w.weeks) + 1;

-- What a quarter sells by last year's pattern. If that is less than half of what the forecast gives, beyond chance, two standard
-- deviations above it are needed at most.
create or replace table rates as
select item_id, store_id, max(weeks_ahead) as horizon_weeks, bool_or(is_intermittent) as is_intermittent,
       bool_and(p.unknown not in ('', 'no_holiday') and not coalesce(isfinite(without_holidays::double), false)) as is_free,
       avg(case when is_intermittent then units else 0.3 * low_80 + 0.4 * units + 0.3 * high_80 end) as weekly_units
from weekly join plan p using (item_id, store_id, week) group by all;

-- Last year's pattern of 0, 1, … coming weeks; the best that it and the best week of the last quarter give; the pattern where it comes again.
create or replace table year_ago as
select w.item_id, w.store_id, w.weeks_ahead as weeks, if(count(s.units) over own = w.weeks_ahead, sum(s.units) over own, null) as units,
       bool_or(p.item_id is not null) over own as ran
from weekly w
left join sales s on s.item_id = w.item_id and s.store_id = w.store_id
  and s.week_number = (select max(week_number) from sales where is_known) + w.weeks_ahead - 52
left join (select distinct item_id, store_id, week_number from shop_promotions where share >= 0.5) p
  on p.item_id::varchar = s.item_id and p.store_id::varchar = s.store_id and p.week_number = s.week_number
window own as (partition by w.item_id, w.store_id order by w.weeks_ahead)
union all select distinct item_id, store_id, 0, 0.0, false from weekly;
create or replace table past as
select *, if(is_free and latest is not null and not is_intermittent and pattern is not null, greatest(weeks * ordinary_most, if(ran, 0, pattern)), null) as best,
       if(is_free and latest <= 2 * before and before <= 2 * latest and not ran, pattern, null) as again
from (select y.item_id, y.store_id, y.weeks, y.ran, q.latest, q.before, q.ordinary_most, r.is_free, r.is_intermittent, q.change * y.units as pattern
      from year_ago y join quarters q using (item_id, store_id) join rates r using (item_id, store_id));
create or replace table past_days as
select s.item_id, s.store_id, d.day, (s.lead_time_days + d.day) / 7.0 % 1 as part, (s.lead_time_days + d.day) / 7.0 * a.ordinary_most as recent,
       a.best + part * (b.best - a.best) as best, a.again + part * (b.again - a.again) as again
from stock s, range(8) d(day)
join past a on a.item_id = s.item_id and a.store_id = s.store_id and a.weeks = floor((s.lead_time_days + d.day) / 7.0)
join rates r on r.item_id = s.item_id and r.store_id = s.store_id
join past b on b.item_id = s.item_id and b.store_id = s.store_id and b.weeks = least(a.weeks + 1, r.horizon_weeks);

create or replace table seasons as
select *, coalesce(latest <= 2 * before and before <= 2 * latest and units <= 6.5 * weekly_units and (13 * weekly_units - units) ** 2 >= 52 * weekly_units, false) as is_season_over
from (select q.*, r.horizon_weeks, greatest(least(r.weekly_units, b.best / r.horizon_weeks), 1e-9) as weekly_units,
             if(q.before > 0, q.after * q.latest / q.before, null) as units
      from quarters q join rates r using (item_id, store_id)
      join past b on b.item_id = q.item_id and b.store_id = q.store_id and b.weeks = r.horizon_weeks);
create or replace table limits as
select l.*, p.recent, p.best, p.again, p.best + 2 * sqrt(p.best) as highest, if(s.is_season_over, s.units + 2 * sqrt(s.units), null) as season,
       coalesce(bool_or(l.day = 7 and l.promotion = '' and p.again - l.units >= greatest(0.5 * l.units, 2 * sqrt(l.units)))
                over (partition by l.item_id, l.store_id, l.promotion), false) as is_more
from forecast_levels l join seasons s using (item_id, store_id) join past_days p using (item_id, store_id, day);
create or replace table levels as
select item_id, store_id, promotion, day, if(is_more, 1, if(not is_recent and is_less, 1, null)) as by_pattern, if(is_recent and is_less, 1, null) as by_recent,
       if(promotion <> '', least(units, season), if(is_more, greatest(units, again), least(units, season, highest))) as units
from (select *, not is_more and coalesce(units > least(highest, season), false) as is_less,
             coalesce(highest < coalesce(season, 1e300), false) and not coalesce(best > recent * (1 + 1e-9), false) as is_recent from limits);

create or replace table spare as
select v.item_id, v.store_id, v.promotion, max(v.day) as last_day from levels v join stock t using (item_id, store_id)
where v.day < 7 and v.units <= t.on_hand + t.on_order + 1e-9 group by all;

create or replace table positions as
select s.*, s.on_hand + s.on_order as position, n.units as need, coalesce(l.last_day, 0) as spare_days, y.weekly_units, y.horizon_weeks, silent.weeks_without_sale, y.year_units, y.mean, y.most, y.known,
       if(o.unknown_plan in ('no_promotion', 'usual_promotions'), y.ordinary, null) as ordinary,
       y.ordinary_most, if(ordinary is not null, (o.unknown_plan = 'usual_promotions')::int, null) as with_promotions,
       floor(y.units + 0.5) as season_units, floor(y.after + 0.5) as next_year_ago, floor(y.latest + 0.5) as quarter_units, floor(y.before + 0.5) as quarter_year_ago, y.units as season, y.is_season_over,
       n.by_pattern, n.by_recent
from stock s
join seasons y on y.item_id = s.item_id and y.store_id = s.store_id
join found_forecast o on o.item_id = s.item_id and o.store_id = s.store_id
join levels n on n.item_id = s.item_id and n.store_id = s.store_id and n.day = 7 and n.promotion = ''
left join spare l on l.item_id = s.item_id and l.store_id = s.store_id and l.promotion = ''
join (select item_id, store_id, count(*) filter (where is_known and units is not null and week_number > last_sale) as weeks_without_sale
      from (select *, coalesce(max(week_number) filter (where is_known and units > 0) over (partition by item_id, store_id), -1) as last_sale
            from sales) group by all) silent
  on silent.item_id = s.item_id and silent.store_id = s.store_id;

create or replace table found_order as
select f.*, ceil((p.need - p.position) / p.pack_size - 1e-9) * p.pack_size as order_units,
       if(p.pack_size > 1 and p.pack_size = floor(p.pack_size), p.pack_size, null) as pack_size,
       if(p.pack_size > 1 and p.pack_size = floor(p.pack_size), ceil((p.need - p.position) / p.pack_size - 1e-9), null) as packs,
       p.spare_days + 1 as order_day,
       case when f.week like '%-%' then cast(cast(f.week as date) + cast(p.spare_days as integer) as varchar) end as order_by
from positions p join found_forecast f on f.item_id = p.item_id and f.store_id = p.store_id
where p.need > p.position and p.weeks_without_sale < p.dead_weeks;

create or replace table found_above_recent as
select p.item_id, p.store_id, floor(if(p.ordinary is null, p.most, p.ordinary_most) + 0.5) as most, if(p.ordinary is null, p.known, null) as known, p.ordinary, p.with_promotions
from positions p join coming c using (item_id, store_id)
where c.units > if(p.ordinary is null, p.most, p.ordinary_most) + 1
   or c.high_80 >= greatest(2 * if(p.ordinary is null, p.most, p.ordinary_most), if(p.ordinary is null, p.most, p.ordinary_most) + 2);

create or replace table found_stockout as
select p.item_id, p.store_id, p.weeks_without_sale as weeks, floor(b.mean + 0.5) as before
from positions p join (
    select item_id, store_id, avg(units) as mean
    from (select *, max(week_number) filter (where is_known and units > 0) over (partition by item_id, store_id) as last_sale from sales)
    where is_known and week_number between last_sale - 7 and last_sale group by all) b using (item_id, store_id)
where p.on_hand = 0 and p.weeks_without_sale >= 2 and p.weeks_without_sale * b.mean >= 5;

create or replace table found_long_cover as
select item_id, store_id, if(is_season_over, null, horizon_weeks) as horizon_weeks,
       if(is_season_over, null, floor(filled / weekly_units + 0.5)) as cover_weeks,
       if(is_season_over, floor(filled + 0.5), null) as position, season_units, next_year_ago, quarter_units, quarter_year_ago
from (select p.*, p.position + o.order_units as filled from positions p join found_order o using (item_id, store_id))
where if(is_season_over, filled >= season + 1, filled > overstock_weeks * greatest(weekly_units, coalesce(mean, 0), coalesce(season / 13, 0)) and filled > 1.5 * weekly_units);

create or replace table found_promoted_order as
select * from (
    select p.item_id, p.store_id, l.promotion,
           greatest(ceil((p.need - p.position) / p.pack_size - 1e-9) * p.pack_size, 0) as instead_of,
           coalesce(y.last_day, 0) + p.lead_time_days as days, coalesce(y.last_day, 0) + 1 as order_day, c.week,
           case when c.week like '%-%' then cast(cast(c.week as date) + cast(coalesce(y.last_day, 0) as integer) as varchar) end as order_by,
           greatest(ceil((l.units - p.position) / p.pack_size - 1e-9) * p.pack_size, 0) as order_units,
           case when isfinite(f.price::double) then floor(if(u.price >= 0.1, 100, 10000) * u.price + 0.5) / if(u.price >= 0.1, 100, 10000) end as price
    from positions p join coming c on c.item_id = p.item_id and c.store_id = p.store_id
    join levels l on l.item_id = p.item_id and l.store_id = p.store_id and l.day = 7 and l.promotion <> ''
    left join spare y on y.item_id = p.item_id and y.store_id = p.store_id and y.promotion = l.promotion
    join with_promotion f on f.item_id = p.item_id and f.store_id = p.store_id and f.promotion = l.promotion and f.weeks = 1
    join usual_promotion u on u.item_id = p.item_id and u.store_id = p.store_id and u.promotion = l.promotion) t
where order_units > instead_of and days < 7
  and not exists (from dearer d where d.item_id::varchar || '|' || d.store_id::varchar = t.item_id::varchar || '|' || t.store_id::varchar);

create or replace table found_overstock as
select * from (
    select p.item_id, p.store_id, c.title, floor(p.position + 0.5) as position, floor(p.on_order + 0.5) as on_order,
           if(p.is_season_over, null, floor(p.position / p.weekly_units + 0.5)) as cover_weeks,
           greatest(p.weekly_units, coalesce(p.mean, 0), coalesce(p.season / 13, 0)) as pace,
           floor(greatest(p.position - if(p.is_season_over, p.season_units, p.overstock_weeks * pace), 0)) as too_many,
           floor(greatest(p.position - p.overstock_weeks * least(p.weekly_units, if(p.mean > 0, p.mean, null)), 0)) as too_many_at_most,
           if(pace >= 1.1 * greatest(p.weekly_units, coalesce(p.mean, 0)), floor(p.position / pace + 0.5), null) as pattern_cover,
           if(p.is_season_over, null, p.horizon_weeks) as horizon_weeks, if(p.is_season_over, null, p.overstock_weeks) as limit_weeks,
           p.season_units, p.next_year_ago, p.quarter_units, p.quarter_year_ago, p.pack_size,
           if(p.mean > 0 and greatest(p.mean, p.weekly_units) >= 1.1 * least(p.mean, p.weekly_units), floor(p.position / p.mean + 0.5), null) as quarter_cover,
           p.is_season_over or p.position >= (p.overstock_weeks + 1) * pace as covers
    from positions p join coming c on c.item_id = p.item_id and c.store_id = p.store_id)
where covers and too_many >= greatest(pack_size, 2);

create or replace table elsewhere as
select item_id, store_id, sum(units) as units from sales
where is_known and week_number >= (select max(week_number) - 12 from sales where is_known) group by item_id, store_id;

create or replace table found_dead as
select p.item_id, p.store_id, c.title, floor(p.on_hand + 0.5) as on_hand, p.weeks_without_sale, floor(p.year_units + 0.5) as year_units,
       e.store_id as other_store, floor(e.units + 0.5) as other_units
from positions p join coming c on c.item_id = p.item_id and c.store_id = p.store_id
left join elsewhere e on e.item_id = p.item_id and e.store_id <> p.store_id and e.units > 0
where p.weeks_without_sale >= p.dead_weeks and (p.on_hand > 0 or p.need > p.position)
qualify row_number() over (partition by p.item_id, p.store_id order by e.units desc nulls last, e.store_id) = 1;

create or replace table found_shortage as
select item_id, store_id, floor(on_hand + 0.5) as on_hand, floor(on_order + 0.5) as on_order,
       floor(lead_time_days + 0.5) as lead_time_days, ceil(need - 1e-9) as need,
       floor(100 * service_level + 0.5) as service_percent, by_pattern, by_recent,
       if(by_recent = 1, ordinary, null) as ordinary, if(by_recent = 1, with_promotions, null) as with_promotions
from positions where need > position;

-- Sales from now until a delivery that is ordered now, beyond the stock.
create or replace table until_delivery as
with ends as (
    select t.item_id, t.store_id, e.name, t.weeks, e.units
    from together t, lateral (values ('low', t.low_80), ('middle', t.units), ('high', t.high_80)) e(name, units)
    union all select distinct item_id, store_id, unnest(['low', 'middle', 'high']), 0, 0.0 from together)
select s.item_id, s.store_id, a.name,
       least((select p.best + 2 * sqrt(p.best) from past_days p where p.item_id = s.item_id and p.store_id = s.store_id and p.day = 0), if(s.lead_time_days < 7, greatest(s.lead_time_days / 7 * m.units + sqrt(s.lead_time_days / 7) * (b.units - m.units), 0),
          a.units + (s.lead_time_days / 7 - a.weeks) * (coalesce(b.units, a.units) - a.units))) as units
from stock s
join together m on m.item_id = s.item_id and m.store_id = s.store_id and m.weeks = 1
join ends a on a.item_id = s.item_id and a.store_id = s.store_id and a.weeks = floor(s.lead_time_days / 7)
left join ends b on b.item_id = s.item_id and b.store_id = s.store_id and b.name = a.name and b.weeks = a.weeks + 1;

create or replace table found_missed_sales as
select p.item_id, p.store_id, floor(p.on_hand + 0.5) as on_hand, floor(p.on_order + 0.5) as on_order,
       floor(p.lead_time_days + 0.5) as lead_time_days, 80 as level,
       floor(m.units - p.position + 0.5) as missed, floor(greatest(l.units - p.position, 0) + 1e-9) as low, ceil(greatest(h.units - p.position, 0) - 1e-9) as high
from positions p
join until_delivery l on l.item_id = p.item_id and l.store_id = p.store_id and l.name = 'low'
join until_delivery m on m.item_id = p.item_id and m.store_id = p.store_id and m.name = 'middle'
join until_delivery h on h.item_id = p.item_id and h.store_id = p.store_id and h.name = 'high'
where p.need > p.position and floor(m.units - p.position + 0.5) >= 2;

create or replace table found_supply as
select item_id, store_id, floor(on_hand + 0.5) as on_hand, floor(on_order + 0.5) as on_order,
       floor(lead_time_days + 0.5) as lead_time_days, ceil(need - 1e-9) as need,
       floor(100 * service_level + 0.5) as service_percent, by_pattern, by_recent,
       if(by_recent = 1, ordinary, null) as ordinary, if(by_recent = 1, with_promotions, null) as with_promotions
from positions where need <= position;
