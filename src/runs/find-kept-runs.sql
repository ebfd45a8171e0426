-- The runs of the Client System $1 that are kept at any age: the last success and the last failure.
select distinct on (status = 'succeeded') id
from sync.run
where client_system_id = $1 and status in ('succeeded', 'failed', 'interrupted')
order by status = 'succeeded', revision desc
