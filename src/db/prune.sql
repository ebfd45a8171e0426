-- What stays, however old: the last success and the last failure of each Client System.
select distinct on (client_system_id, status = 'succeeded') id
from sync.run
where status in ('succeeded', 'failed', 'interrupted')
order by client_system_id, status = 'succeeded', queued_at desc;
-- Removes history older than $1 days, but not the runs $2.
-- Twenty at a time, so that none takes long: a run may have a million changes.
delete from sync.run
where id in (
  select r.id
  from sync.run r
  where r.finished_at < now() - make_interval(days => $1::int)
    and r.id <> all($2::uuid[])
  limit 20
);
-- Rejected rows are kept for 7 days and for the latest run of each Client System.
delete from sync.rejected_row
where run_id in (select id from sync.run where finished_at < now() - interval '7 days')
  and run_id not in (
    select distinct on (client_system_id) id
    from sync.run
    where status = 'succeeded'
    order by client_system_id, queued_at desc
  )
