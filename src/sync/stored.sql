-- How many meters of the Client System $1 that the run has written are not as they were staged, and the content of all that
-- are present.
select
  count(*)::float8 as altered,
  (select coalesce(bit_xor(whole_hash), 0)::text from sync.meter where client_system_id = $1 and removed_at is null) as content
from change c
cross join lateral (select * from staging where staging.ctid = c.staged offset 0) s
left join sync.meter m on m.client_system_id = $1 and m.external_id = s.external_id
where c.operation in ('insert', 'update', 'restore', 'rehash')
  and (
    m.id is null
    or m.removed_at is not null
    or s.name is distinct from m.name
    or s.serial_number is distinct from m.serial_number
    or s.kind is distinct from m.kind
    or s.unit is distinct from m.unit
    or s.location is distinct from m.location
    or s.ip_address is distinct from m.ip_address
    or s.port is distinct from m.port::text
    or s.active is distinct from m.active::text
    or (s.attributes is distinct from m.attributes::text and s.attributes::jsonb::text is distinct from m.attributes::text)
  )
