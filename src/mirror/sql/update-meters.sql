-- Updates the meters that differ and restores deleted ones, for the run $1.
update sync.meter m
set
  name = s.name,
  serial_number = s.serial_number,
  kind = s.kind,
  unit = s.unit,
  location = s.location,
  ip_address = s.ip_address,
  port = s.port::integer,
  attributes = s.attributes::jsonb,
  active = s.active::boolean,
  id_hash = s.id_hash,
  row_hash = s.row_hash,
  removed_at = null,
  updated_at = now(),
  last_run_id = $1
from change c
cross join lateral (select * from staging where staging.ctid = c.staged offset 0) s
where c.operation in ('update', 'restore') and m.id = c.meter_id
