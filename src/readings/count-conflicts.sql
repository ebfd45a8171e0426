-- Counts the readings of `incoming` that contradict what is stored for their meter, quantity and time: another value, or
-- another unit where both have one. Only the partitions of their times are read.
select count(*)::float8 as conflicts
from pg_temp.incoming i
join sync.meter m on m.client_system_id = i.client_system_id and m.external_id = i.external_id
join sync.meter_reading r on r.meter_id = m.id and r.quantity = i.quantity and r.read_at = i.read_at
where (r.value <> i.value or r.unit <> i.unit)
  and r.read_at >= (select min(read_at) from pg_temp.incoming)
  and r.read_at <= (select max(read_at) from pg_temp.incoming)
