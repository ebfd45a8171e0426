-- Counts the meters of the Client System $1 by the state of their collection. Active and inactive meters are counted apart,
-- because that takes two thirds of the time of one count with more conditions.
select
  greatest(0, coalesce(s.meters_active, 0) - reporting.known)::float8 as never,
  (reporting.known - reporting.late)::float8 as reporting,
  (reporting.late - reporting.silent)::float8 as late,
  reporting.silent::float8 as silent,
  inactive.reporting::float8 as "stillReporting",
  greatest(0, coalesce(s.meters_total - s.meters_active, 0) - inactive.reporting)::float8 as quiet,
  waiting.readings::float8 as "waitingReadings",
  waiting.ids::float8 as "waitingIds",
  nullif(greatest(reporting.newest, inactive.newest), '-infinity') as "newestReadingAt",
  now() as at
from (select $1 as id) wanted
left join sync.client_system s using (id)
cross join lateral (
  select
    count(*) as known,
    count(*) filter (where late_at < now()) as late,
    count(*) filter (where silent_at < now()) as silent,
    max(last_read_at) as newest
  from sync.meter_collection
  where active and client_system_id = $1
) reporting
cross join lateral (
  select count(*) filter (where late_at >= now()) as reporting, max(last_read_at) as newest
  from sync.meter_collection
  where not active and client_system_id = $1
) inactive
cross join lateral (
  select count(*) as readings, count(distinct external_id) as ids
  from sync.waiting_reading
  where client_system_id = $1
) waiting
