-- Whatever the rows that came are compared with is to be looked at too, deleted meters among them. $1 is the Client
-- System.
insert into suspect (meter_id)
select m.id
from staging s
join sync.meter m on m.client_system_id = $1 and m.external_id = s.external_id
