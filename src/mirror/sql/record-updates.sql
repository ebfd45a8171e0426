-- Stores the updates and restorations of the run $1: the old and new values of the columns that differ.
insert into sync.meter_change (run_id, meter_id, external_id, operation, before, after)
select $1, meter_id, external_id, operation, before, after
from change
where operation in ('update', 'restore')
-- In the order of the index.
order by external_id
