-- Weeks that follow one another with the same flags are one run: mailer is 1, display is 2.
with flagged as (
    select product_id, store_id, week,
        max((mailer_location <> '0')::int) + 2 * max((display_location <> '0')::int) as flags
    from source
    where product_id in (select product_id from catalogue)
    group by product_id, store_id, week
),
numbered as (
    select *, week - row_number() over (partition by product_id, store_id, flags order by week) as run
    from flagged
    where flags > 0
)
select product_id, store_id, flags, min(week) as week, max(week) + 1 as until
from numbered
group by product_id, store_id, flags, run
order by product_id, store_id, week
