-- What stays of the Client System $1, however old: its last success and its last failure.
select distinct on (status = 'succeeded') id
from sync.run
where client_system_id = $1 and status in ('succeeded', 'failed', 'interrupted')
order by status = 'succeeded', revision desc;
-- Removes history of the Client System $1 older than $2 days, but not the runs $3.
-- Twenty at a time, so that none takes long: a run may have a million changes.
delete from sync.run
where id in (
  select r.id
  from sync.run r
  where r.client_system_id = $1
    and r.finished_at < now() - make_interval(days => $2::int)
    and r.id <> all($3::uuid[])
  limit 20
);
-- Rejected rows are kept for 7 days and for the latest run of the Client System $1.
delete from sync.rejected_row
where run_id in (select id from sync.run where client_system_id = $1 and finished_at < now() - interval '7 days')
  and run_id not in (
    select id
    from sync.run
    where client_system_id = $1 and status = 'succeeded'
    order by revision desc
    limit 1
  )
