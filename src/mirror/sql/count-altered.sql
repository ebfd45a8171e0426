-- Counts the meters of the Client System $1 that the run wrote and that differ from staging, and returns the content of all
-- present ones.
select
  count(*)::float8 as altered,
  (select coalesce(bit_xor(whole_hash), 0)::text from sync.meter where client_system_id = $1 and removed_at is null) as content
from change c
join staging s on s.ctid = c.staged
left join sync.meter m on m.client_system_id = $1 and m.external_id = s.external_id
where c.operation in ('insert', 'update', 'restore', 'rehash')
  and (
    m.id is null
    or m.removed_at is not null
    or (s.name, s.serial_number, s.kind, s.unit, s.location, s.ip_address, s.port, s.active, s.attributes::jsonb::text)
      is distinct from
      (m.name, m.serial_number, m.kind, m.unit, m.location, m.ip_address, m.port::text, m.active::text, m.attributes::text)
  )
