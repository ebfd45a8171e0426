-- Counts the readings of `incoming` that contradict what is stored for their meter, quantity and time: another value, or
-- another unit where both have one. The subqueries are fenced, so that each reading is looked up by its key in the partition
-- of its time. Many meters are read at one time: joined by time and quantity first, each would be compared with all others.
select count(*)::float8 as conflicts
from (
  select m.id as meter_id, i.quantity, i.read_at, i.value, i.unit
  from pg_temp.incoming i
  join sync.meter m on m.client_system_id = i.client_system_id and m.external_id = i.external_id
  offset 0
) i
cross join lateral (
  select
  from sync.meter_reading r
  where r.meter_id = i.meter_id and r.quantity = i.quantity and r.read_at = i.read_at
    and (r.value <> i.value or r.unit <> i.unit)
  offset 0
) r
