-- The baseline of the Client System $1, with what else decides how its next run reads. Always one row.
select
  c.meters_total as total,
  c.meters_active as active,
  c.content_digest as content,
  c.source_fingerprint as fingerprint,
  c.same_meters_as as "sameMetersAs",
  previous.error_code as error,
  previous.read_mode as "readMode",
  last.rejected,
  last.changed,
  (
    select extract(epoch from finished_at)::float8 * 1000
    from sync.run
    where client_system_id = $1 and status = 'succeeded' and read_mode = 'full'
    order by revision desc
    limit 1
  ) as "lastFullMs",
  extract(epoch from now())::float8 * 1000 as "nowMs",
  i.hash_salt as salt
from sync.installation i
left join sync.client_system c on c.id = $1
left join lateral (
  select error_code, read_mode
  from sync.run
  where client_system_id = $1 and finished_at is not null
  order by revision desc
  limit 1
) previous on true
left join lateral (
  select rejected, case when unchanged > 0 then inserted + updated + deleted end as changed
  from sync.run
  where client_system_id = $1 and status = 'succeeded'
  order by revision desc
  limit 1
) last on true
