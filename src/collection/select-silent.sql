-- Selects the next $4 silent active meters of the Client System $1, the latest to fall silent first, after the meter $3 with
-- its last reading at $2.
select
  m.id::float8 as "meterId",
  m.external_id as "externalId",
  m.name,
  m.location,
  m.kind,
  case when isfinite(c.last_read_at) then c.last_read_at end as "lastReadAt",
  c.interval_seconds / 60.0::float8 as "readingIntervalMinutes",
  c.last_read_at::text as at
from sync.meter_collection c
join sync.meter m on m.id = c.meter_id
where c.client_system_id = $1
  and c.active
  and c.silent_at < now()
  and ($2::timestamptz is null or (c.last_read_at, c.meter_id) < ($2, $3))
order by c.last_read_at desc, c.meter_id desc
limit $4
