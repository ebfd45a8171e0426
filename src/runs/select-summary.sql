-- How reliable the syncs of the Client System $1 were since $2: outages are failures in a row, and the meters are out of date
-- from the moment at which the last success is older than $3 seconds.
with ended as (
  select
    status = 'succeeded' as succeeded,
    lag(status = 'succeeded', 1, true) over (order by revision) as succeeded_before
  from sync.run
  where client_system_id = $1 and queued_at >= $2 and status in ('succeeded', 'failed', 'interrupted')
),
success as (
  select finished_at
  from sync.run
  where client_system_id = $1 and queued_at >= $2 and status = 'succeeded'
  union all
  (
    select finished_at
    from sync.run
    where client_system_id = $1 and queued_at < $2 and status = 'succeeded'
    order by queued_at desc
    limit 1
  )
),
gap as (
  select
    greatest(finished_at + $3 * interval '1 second', $2) as stale_from,
    lead(finished_at, 1, now()) over (order by finished_at) as stale_until
  from success
)
select
  count(*) filter (where succeeded)::integer as succeeded,
  count(*) filter (where not succeeded)::integer as failed,
  count(*) filter (where not succeeded and succeeded_before)::integer as outages,
  (
    select coalesce(sum(extract(epoch from stale_until - stale_from)) filter (where stale_until > stale_from), 0)::float8
    from gap
  ) as "staleSeconds",
  (select min(queued_at) from sync.run where client_system_id = $1) as "firstRunAt",
  now() as now
from ended
