-- Adds the devices of the json array $1 in its order. A device whose serial number exists already is left out.
insert into device (
  site_id, serial_no, label, kind, unit, ip, port, manufacturer, model, firmware, multiplier, commissioned_at, in_service
)
select
  d."siteId",
  d."serialNumber",
  d.label,
  d.kind,
  d.unit,
  d.ip,
  d.port,
  d.manufacturer,
  d.model,
  d.firmware,
  d.multiplier,
  coalesce(d."commissionedAt", current_date),
  d."inService"
from rows from (
  jsonb_to_recordset($1::jsonb) as (
    "siteId" integer,
    "serialNumber" text,
    label text,
    kind device_kind,
    unit text,
    ip inet,
    port integer,
    manufacturer text,
    model text,
    firmware text,
    multiplier numeric,
    "commissionedAt" date,
    "inService" boolean
  )
) with ordinality as d (
  "siteId", "serialNumber", label, kind, unit, ip, port, manufacturer, model, firmware, multiplier, "commissionedAt",
  "inService", place
)
order by d.place
on conflict (serial_no) do nothing
