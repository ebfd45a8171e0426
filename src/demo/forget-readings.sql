-- Deletes what the collector stored before $2: readings of the quantities that it reads itself, and no others.
delete from sync.meter_reading r
using sync.meter m
join jsonb_to_recordset($1::jsonb) as k (kind text, quantity text) on k.kind = m.kind
where r.meter_id = m.id
  and r.quantity = k.quantity
  and r.read_at < $2::timestamptz
