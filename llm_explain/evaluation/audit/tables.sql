-- The raw tables, read as the shop means them. Runs once, over the tables events, items, promotions, shop, target_kind,
-- return_kind, rated_kind and rating_scale. It creates the table event and the macros that the claim kinds' SQL files use.

-- The wall clock of the shop. Stored moments are UTC.
create or replace macro wall_of(moment) as (moment at time zone 'UTC') at time zone (select time_zone from shop);

-- What an event does to the count: a target event counts, a return takes one back, every other event does neither.
create or replace table event as
select e.file_row_number as row, e.user_id, e.item_id, nullif(e.order_id, '') as order_id, e.store_id, e.kind, e.channel, e.timestamp, wall_of(e.timestamp) as wall, e.price, e.value,
       i.category, i.brand, i.title,
       case
           when e.kind in (from return_kind) then 'return'
           when e.kind in (from target_kind) and coalesce(e.quantity, 1) > 0 then 'target'
           when e.kind in (from target_kind) and coalesce(e.quantity, 1) < 0 then 'return'
           else 'other'
       end as role
from events e join items i using (item_id);

-- The target events before a moment that no return before it took back. Takes the name of a table with user_id and
-- as_of, each pair once. A return with an order takes back all target events of the user, item and order. Every other
-- return takes back the latest target event of the user and item before it that is left: a target event is taken back
-- if target events minus returns, counted up to some later row, fall below their number up to the event itself.
create or replace macro counted_events(viewpoints) as table (
    with before as (
        select v.as_of, e.* from query_table(viewpoints) v join event e using (user_id)
        where e.timestamp < v.as_of and e.role <> 'other'),
    by_order as (
        select as_of, user_id, item_id, order_id from before where order_id is not null
        group by all having bool_or(role = 'return') and bool_or(role = 'target')),
    rest as (select * from before anti join by_order using (as_of, user_id, item_id, order_id)),
    level as (
        select *, sum(if(role = 'target', 1, -1)) over pair as left_over
        from rest
        window pair as (partition by as_of, user_id, item_id order by timestamp, role = 'return', row)),
    lowest as (
        select *, min(left_over) over (
            partition by as_of, user_id, item_id order by timestamp, role = 'return', row
            rows between 1 following and unbounded following) as lowest_later
        from level)
    select * exclude (role, left_over, lowest_later)
    from lowest where role = 'target' and coalesce(lowest_later >= left_over, true));

-- The same events with the occasion of each. The events of one order are one occasion. An event without an order
-- belongs to the occasion of the user's previous event if that is at most 30 minutes earlier.
create or replace macro counted_occasions(viewpoints) as table (
    with marked as (
        select *, order_id is not null or coalesce(
            timestamp - lag(timestamp) over (partition by as_of, user_id order by timestamp, row) > interval 30 minute,
            true) as opens
        from counted_events(viewpoints)),
    opened as (
        select *, last_value(if(opens, coalesce('order ' || order_id, 'row ' || row), null) ignore nulls) over (
            partition by as_of, user_id order by timestamp, row) as occasion
        from marked)
    select * exclude opens from opened);

-- Items with one visible title are one thing to a shopper. An item without a title is like no other.
create or replace macro is_alike(item_id, title, own_item, own_title) as
    item_id = own_item or coalesce(title = own_title and own_title <> '', false);

-- What the whole shop did before the snapshot's moment.
create or replace table everyone as select distinct user_id, (select moment from shop) as as_of from event;
create or replace table sold as select * exclude as_of from counted_events('everyone');

-- Whole days from the first counted event to the snapshot: no window is longer than the log.
create or replace table log_span as
select greatest(1, ceil(epoch(any_value(moment) - min(timestamp)) / 86400))::int as log_days from sold cross join shop;

-- Where crowds are counted: in the shortest of 30, 90 and 365 days in which ten items, or one in a hundred of those with a
-- user, have 50 users; in 365 days if no window has them. A window that is longer than the log has the log's length.
create or replace table crowd_window as
with crowd as (
    select days, item_id, count(distinct user_id) as users
    from sold cross join shop cross join (values (30), (90), (365)) as w(days)
    where timestamp >= moment - to_days(days) group by days, item_id),
enough as (
    select days from crowd group by days
    having count(*) filter (users >= 50) >= greatest(1, least(10, count(*) / 100)))
select least(days, log_days) as days, moment - to_days(days) as since
from shop cross join log_span cross join (select coalesce(min(days), 365) as days from enough);

-- The occasions that claims count: filled from the views counted_<kind>.
create or replace table occasions_counted (rid bigint, moment timestamp, share double);
