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
)
