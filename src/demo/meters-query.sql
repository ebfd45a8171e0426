select
  d.id as external_id,
  d.label as name,
  d.serial_no as serial_number,
  d.kind,
  d.unit,
  s.name || ', ' || s.street || ', ' || s.city as location,
  d.ip as ip_address,
  d.port,
  d.in_service as active,
  d.manufacturer,
  d.model,
  d.firmware,
  d.multiplier,
  d.commissioned_at
from device d
join site s on s.id = d.site_id
where d.removed_at is null
