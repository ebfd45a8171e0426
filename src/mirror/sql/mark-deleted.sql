-- Marks the meters inactive that the Client System no longer has, for the run $1. The row, its id and its readings stay.
update sync.meter m
set active = false, removed_at = now(), updated_at = now(), last_run_id = $1
from change c
where c.operation = 'delete' and m.id = c.meter_id
