-- Stores the meters that the run $1 marks inactive. When $2 is true, stores the first 1,000 of them as withheld.
insert into sync.meter_change (run_id, meter_id, external_id, operation)
select $1::uuid, m.id, m.external_id, case when $2 then 'withheld' else 'delete' end
from change c
join sync.meter m on m.id = c.meter_id
where c.operation = 'delete'
order by m.external_id
limit case when $2 then 1000 end
