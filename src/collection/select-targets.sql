-- Selects the next $5 active meters of the Client System $1 after the external id $4, of the kind $2 and the location $3.
select
  m.id::float8 as "meterId",
  m.external_id as "externalId",
  m.name,
  m.serial_number as "serialNumber",
  m.kind,
  m.unit,
  m.location,
  m.ip_address as "ipAddress",
  m.port,
  coalesce(sync.reading_interval_seconds(m.attributes), s.reading_interval_seconds) / 60.0::float8
    as "readingIntervalMinutes",
  m.attributes::text as attributes
from sync.meter m
join sync.client_system s on s.id = m.client_system_id
where m.client_system_id = $1
  and m.active
  and ($2::text is null or m.kind = $2)
  and ($3::text is null or m.location = $3)
  and m.external_id > $4
order by m.external_id
limit $5
