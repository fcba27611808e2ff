-- Statements order, promoted_order, empty_shelf, overstock, dead, shortage and supply. A level between two ends of the forecasts is
-- linear in the level. A promotion is empty for the plan that the headline assumes.
create or replace view at_level as
select t.item_id, t.store_id, t.promotion, t.weeks, s.service_level as level,
       case when s.service_level <= 0.75 then t.units + (s.service_level - 0.5) / 0.25 * (t.high_50 - t.units)
            when s.service_level <= 0.9 then t.high_50 + (s.service_level - 0.75) / 0.15 * (t.high_80 - t.high_50)
            when s.service_level <= 0.95 then t.high_80 + (s.service_level - 0.9) / 0.05 * (t.high_90 - t.high_80)
            else t.high_90 + (s.service_level - 0.95) / 0.025 * (t.high_95 - t.high_90) end as raw
from (select *, '' as promotion from together union all by name select * exclude (price) from with_promotion) t join stock s on s.item_id = t.item_id and s.store_id = t.store_id;

create or replace view needs as
select item_id, store_id, promotion, weeks,
       max(raw) over (partition by item_id, store_id, promotion order by weeks) as units from at_level
union all select distinct item_id, store_id, promotion, 0, 0.0 from at_level;

create or replace view levels as
with wanted as (
    select item_id, store_id, 'need' as name, (lead_time_days + 7) / 7.0 as weeks from stock
    union all select item_id, store_id, 'need_lead', lead_time_days / 7.0 from stock
)
select w.item_id, w.store_id, a.promotion, w.name,
       a.units + (w.weeks - floor(w.weeks)) * (coalesce(b.units, a.units) - a.units) as units
from wanted w
join needs a on a.item_id = w.item_id and a.store_id = w.store_id and a.weeks = floor(w.weeks)
left join needs b on b.item_id = w.item_id and b.store_id = w.store_id and b.promotion = a.promotion
  and b.weeks = floor(w.weeks) + 1;

create or replace view positions as
select s.*, s.on_hand + s.on_order as position, n.units as need, l.units as need_lead, r.weekly_units, r.horizon_weeks, silent.weeks_without_sale
from stock s
join levels n on n.item_id = s.item_id and n.store_id = s.store_id and n.name = 'need' and n.promotion = ''
join levels l on l.item_id = s.item_id and l.store_id = s.store_id and l.name = 'need_lead' and l.promotion = ''
join (select item_id, store_id, max(weeks_ahead) as horizon_weeks,
             avg(case when is_intermittent then units else 0.3 * low_80 + 0.4 * units + 0.3 * high_80 end) as weekly_units
      from weekly group by all) r
  on r.item_id = s.item_id and r.store_id = s.store_id
join (select item_id, store_id, count(*) filter (where is_known and units is not null and week_number > last_sale) as weeks_without_sale
      from (select *, coalesce(max(week_number) filter (where is_known and units > 0) over (partition by item_id, store_id), -1) as last_sale
            from sales) group by all) silent
  on silent.item_id = s.item_id and silent.store_id = s.store_id;

create or replace view found_order as
select f.*, ceil((p.need - p.position) / p.pack_size - 1e-9) * p.pack_size as order_units,
       least(floor(7 * greatest(p.position - p.need_lead, 0) / greatest(p.weekly_units, 1e-9)), 6) + 1 as order_day,
       case when f.week like '%-%' then cast(cast(f.week as date)
         + cast(least(floor(7 * greatest(p.position - p.need_lead, 0) / greatest(p.weekly_units, 1e-9)), 6) as integer) as varchar) end as order_by
from positions p join found_forecast f on f.item_id = p.item_id and f.store_id = p.store_id
where p.need > p.position and p.weeks_without_sale < p.dead_weeks;

create or replace view found_promoted_order as
select * from (
    select p.item_id, p.store_id, l.promotion,
           greatest(ceil((p.need - p.position) / p.pack_size - 1e-9) * p.pack_size, 0) as instead_of,
           least(floor(7 * greatest(p.position - p.need_lead, 0) / greatest(p.weekly_units, 1e-9)), 6) + p.lead_time_days as days,
           greatest(ceil((l.units - p.position) / p.pack_size - 1e-9) * p.pack_size, 0) as order_units,
           case when isfinite(f.price::double) then floor(if(u.price >= 0.1, 100, 10000) * u.price + 0.5) / if(u.price >= 0.1, 100, 10000) end as price
    from positions p
    join levels l on l.item_id = p.item_id and l.store_id = p.store_id and l.name = 'need' and l.promotion <> ''
    join with_promotion f on f.item_id = p.item_id and f.store_id = p.store_id and f.promotion = l.promotion and f.weeks = 1
    join usual_promotion u on u.item_id = p.item_id and u.store_id = p.store_id and u.promotion = l.promotion) t
where order_units > instead_of and days < 7
  and not exists (from dearer d where d.item_id::varchar || '|' || d.store_id::varchar = t.item_id::varchar || '|' || t.store_id::varchar);

create or replace view found_overstock as
select p.item_id, p.store_id, c.title, floor(p.position + 0.5) as position, floor(p.on_order + 0.5) as on_order,
       floor(p.position / greatest(p.weekly_units, 1e-9) + 0.5) as cover_weeks,
       floor(greatest(p.position - p.overstock_weeks * greatest(p.weekly_units, 1e-9), 0)) as too_many, p.horizon_weeks, p.overstock_weeks as limit_weeks
from positions p join coming c on c.item_id = p.item_id and c.store_id = p.store_id
where floor(p.position - p.overstock_weeks * p.weekly_units) >= greatest(p.pack_size, 1);

create or replace view found_dead as
select p.item_id, p.store_id, c.title, floor(p.on_hand + 0.5) as on_hand, p.weeks_without_sale
from positions p join coming c on c.item_id = p.item_id and c.store_id = p.store_id
where p.weeks_without_sale >= p.dead_weeks and p.on_hand > 0;

create or replace view found_shortage as
select item_id, store_id, floor(on_hand + 0.5) as on_hand, floor(on_order + 0.5) as on_order,
       floor(lead_time_days + 0.5) as lead_time_days, ceil(need - 1e-9) as need,
       floor(100 * service_level + 0.5) as service_percent, floor(pack_size + 0.5) as pack_size
from positions where need > position;

-- None on hand and none on order: the expected sales of the days of delivery are missed.
create or replace view found_empty_shelf as
select item_id, store_id, 0 as on_hand, 0 as on_order, floor(lead_time_days + 0.5) as lead_time_days,
       floor(weekly_units * lead_time_days / 7 + 0.5) as missed
from positions where on_hand = 0 and on_order = 0 and need > 0 and lead_time_days >= 2
  and floor(weekly_units * lead_time_days / 7 + 0.5) >= 2;

create or replace view found_supply as
select item_id, store_id, floor(on_hand + 0.5) as on_hand, floor(on_order + 0.5) as on_order,
       floor(lead_time_days + 0.5) as lead_time_days, ceil(need - 1e-9) as need,
       floor(100 * service_level + 0.5) as service_percent, floor(pack_size + 0.5) as pack_size
from positions where need <= position;
