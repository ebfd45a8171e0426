-- What stays of the Client System $1, however old: its last success and its last failure.
select distinct on (status = 'succeeded') id
from sync.run
where client_system_id = $1 and status in ('succeeded', 'failed', 'interrupted')
order by status = 'succeeded', revision desc
