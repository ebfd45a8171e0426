-- Stores the waiting readings of the Client System $1 whose meter exists now. Readings that are already stored stay.
with moved as (
  delete from sync.waiting_reading w
  using sync.meter m
  where w.client_system_id = $1 and m.client_system_id = w.client_system_id and m.external_id = w.external_id
  returning m.id as meter_id, w.quantity, w.read_at, w.value, w.unit
)
insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
select meter_id, quantity, read_at, value, unit
from moved
order by meter_id, quantity, read_at
on conflict do nothing
