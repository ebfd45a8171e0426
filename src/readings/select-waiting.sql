-- Selects the next $3 external ids of the Client System $1 after $2 whose readings wait for a meter.
select
  external_id as "externalId",
  count(*)::float8 as readings,
  min(received_at) as "firstReceivedAt",
  max(received_at) as "lastReceivedAt"
from sync.waiting_reading
where client_system_id = $1 and external_id > $2
group by external_id
order by external_id
limit $3
