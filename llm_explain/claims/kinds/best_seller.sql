create or replace view best_seller_crowd as
select category, item_id, count(distinct user_id) as users
from sold cross join crowd_window where timestamp >= since group by category, item_id;

create or replace view found_best_seller as
with placed as (
    select own.item_id, own.users, own.category,
           (select count(*) from best_seller_crowd other
            where other.category = own.category and other.users >= own.users) as place,
           count(*) over (partition by own.category) as items
    from best_seller_crowd own)
select rid, case when place = 1 then 1 else 3 end as among, category, days as window_days,
       strftime(snapshot, '%Y-%m-%dT%H:%M:%S') as until
from claim join placed using (item_id) cross join crowd_window
where claim = 'best_seller' and users >= 50 and place <= 3 and items >= case when place = 1 then 4 else 12 end
  and is_fresh and is_of_only_kind and has_dates;
