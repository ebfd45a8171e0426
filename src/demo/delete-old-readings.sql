-- Deletes the readings before $2, but only of the quantities that the collector itself stores ($1, a json array of kinds).
delete from sync.meter_reading r
using sync.meter m
join jsonb_to_recordset($1::jsonb) as k (kind text, quantity text) on k.kind = m.kind
where r.meter_id = m.id
  and r.quantity = k.quantity
  and r.read_at < $2::timestamptz
