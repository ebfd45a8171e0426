-- The meters to insert, with the values that they will have.
select
  null::bigint as meter_id,
  s.external_id,
  c.operation,
  null::jsonb as before,
  jsonb_strip_nulls(jsonb_build_object(
    'name', s.name,
    'serialNumber', s.serial_number,
    'kind', s.kind,
    'unit', s.unit,
    'location', s.location,
    'ipAddress', s.ip_address,
    'port', s.port::integer,
    'active', s.active::boolean
  )) || jsonb_build_object('attributes', s.attributes::jsonb) as after
from change c
join staging s on s.ctid = c.staged
where c.operation = 'insert'
