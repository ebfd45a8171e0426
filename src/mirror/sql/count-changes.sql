-- Counts the meters of the Client System $1 that differ, by the kind of change. The active meters, and those that were deleted
-- in the last 24 hours without an approval and are still deleted, are counted only where the guard needs them.
with counted as (
  select
    count(*) filter (where operation = 'insert') as inserted,
    count(*) filter (where operation in ('update', 'restore')) as updated,
    count(*) filter (where operation = 'restore') as restored,
    count(*) filter (where operation = 'delete') as missing,
    string_agg(meter_id::text, ',' order by meter_id) filter (where operation = 'delete') as missing_ids,
    count(*) filter (where operation = 'rehash') as rehashed,
    count(*) filter (where operation = 'reject') as rejected,
    count(*) filter (where reason in ('missing_id', 'blank_id')) as missing_id
  from change
)
select
  inserted::float8 as inserted,
  updated::float8 as updated,
  restored::float8 as restored,
  missing::float8 as missing,
  left(encode(sha256(missing_ids::bytea), 'hex'), 16) as "missingDigest",
  rehashed::float8 as rehashed,
  rejected::float8 as rejected,
  missing_id::float8 as "missingId",
  present.active::float8 as "activeBefore",
  present.deleted_lately::float8 as "deletedLately"
from counted
cross join lateral (
  select
    count(*) filter (where m.active) as active,
    count(*) filter (
      where m.removed_at > now() - interval '24 hours'
        -- The last run of a deleted meter is the one that deleted it.
        and not exists (select from sync.run r where r.id = m.last_run_id and r.approve_deletes is not null)
    ) as deleted_lately
  from sync.meter m
  where counted.missing > 0 and m.client_system_id = $1
) present
