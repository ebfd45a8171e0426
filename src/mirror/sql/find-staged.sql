-- Adds the local meters of the Client System $1 that the staged rows are compared with, removed ones too.
insert into suspect (meter_id)
select m.id
from staging s
join sync.meter m on m.client_system_id = $1 and m.external_id = s.external_id
