create or replace view channel_crowd as
select channel, item_id, count(distinct user_id) as users
from sold cross join shop where timestamp >= moment - interval 30 day and channel <> '' group by channel, item_id;

create or replace view channel_shares as
select channel, item_id, users,
       users / sum(users) over (partition by channel) as share,
       sum(users) over (partition by item_id) / sum(users) over () as overall
from channel_crowd;

create or replace view found_channel_favourite as
select rid, c.channel, (select max(band) from unnest([50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000]) as b(band)
                        where band < users) as users_band,
       30 as window_days, strftime(snapshot, '%Y-%m-%dT%H:%M:%S') as until
from claim a join channel_shares c on c.item_id = a.item_id and c.channel = a.request_channel
where claim = 'channel_favourite' and users > 50 and share >= 1.25 * overall - 1e-12
  and c.channel in ('web', 'app', 'mini_program', 'shop') and is_fresh and is_of_only_kind and has_dates;
