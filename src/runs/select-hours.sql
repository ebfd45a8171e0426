-- The runs of the Client System $1 since $2 (a whole hour), by the hour in which they were queued. A run that was active for
-- longer than the hour it began in covers the hours up to `until`.
select
  date_trunc('hour', queued_at, 'UTC') as "from",
  count(*) filter (where status = 'succeeded')::integer as succeeded,
  count(*) filter (where status in ('failed', 'interrupted'))::integer as failed,
  count(*) filter (where status = 'cancelled')::integer as cancelled,
  coalesce(sum(inserted), 0)::float8 as inserted,
  coalesce(sum(updated), 0)::float8 as updated,
  coalesce(sum(deleted), 0)::float8 as deleted,
  max(coalesce(finished_at, now())) as until
from sync.run
where client_system_id = $1 and queued_at >= $2
group by 1
order by 1
