-- The meters to update and to restore: of each the columns that differ, old and new.
select
  m.id as meter_id,
  m.external_id,
  c.operation,
  case when s.name is distinct from m.name then jsonb_build_object('name', m.name) else '{}' end
    || case when s.serial_number is distinct from m.serial_number then jsonb_build_object('serialNumber', m.serial_number) else '{}' end
    || case when s.kind is distinct from m.kind then jsonb_build_object('kind', m.kind) else '{}' end
    || case when s.unit is distinct from m.unit then jsonb_build_object('unit', m.unit) else '{}' end
    || case when s.location is distinct from m.location then jsonb_build_object('location', m.location) else '{}' end
    || case when s.ip_address is distinct from m.ip_address then jsonb_build_object('ipAddress', m.ip_address) else '{}' end
    || case when s.port is distinct from m.port::text then jsonb_build_object('port', m.port) else '{}' end
    || case when s.active is distinct from m.active::text then jsonb_build_object('active', m.active) else '{}' end
    || case when attributes.differ then jsonb_build_object('attributes', m.attributes) else '{}' end as before,
  case when s.name is distinct from m.name then jsonb_build_object('name', s.name) else '{}' end
    || case when s.serial_number is distinct from m.serial_number then jsonb_build_object('serialNumber', s.serial_number) else '{}' end
    || case when s.kind is distinct from m.kind then jsonb_build_object('kind', s.kind) else '{}' end
    || case when s.unit is distinct from m.unit then jsonb_build_object('unit', s.unit) else '{}' end
    || case when s.location is distinct from m.location then jsonb_build_object('location', s.location) else '{}' end
    || case when s.ip_address is distinct from m.ip_address then jsonb_build_object('ipAddress', s.ip_address) else '{}' end
    || case when s.port is distinct from m.port::text then jsonb_build_object('port', s.port::integer) else '{}' end
    || case when s.active is distinct from m.active::text then jsonb_build_object('active', s.active::boolean) else '{}' end
    || case when attributes.differ then jsonb_build_object('attributes', s.attributes::jsonb) else '{}' end as after
from change c
join sync.meter m on m.id = c.meter_id
cross join lateral (select * from staging where staging.ctid = c.staged offset 0) s
-- Parsed once, and only where the texts differ (the same jsonb may come with its keys in another order).
cross join lateral (
  select s.attributes is distinct from m.attributes::text and s.attributes::jsonb::text is distinct from m.attributes::text
  offset 0
) attributes (differ)
where c.operation in ('update', 'restore')
