-- Inserts every meter of staging that was not rejected, for the Client System $1 and the run $2: the first load.
insert into sync.meter (
  client_system_id, external_id, name, serial_number, kind, unit, location, ip_address, port, attributes, active,
  id_hash, row_hash, created_run_id, last_run_id
)
select
  $1, s.external_id, s.name, s.serial_number, s.kind, s.unit, s.location, s.ip_address, s.port::integer,
  s.attributes::jsonb, s.active::boolean, s.id_hash, s.row_hash, $2, $2
from staging s
where not exists (select from change c where c.staged = s.ctid)
