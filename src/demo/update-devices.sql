-- Updates the devices of the json array $1.
update device d
set
  label = c.label,
  ip = c.ip,
  firmware = c.firmware,
  in_service = c."inService"
from jsonb_to_recordset($1::jsonb) as c (
  id bigint,
  label text,
  ip inet,
  firmware text,
  "inService" boolean
)
where d.id = c.id
