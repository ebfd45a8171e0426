-- How many meters of the Client System $1 differ, and how. The active ones, and those that were deleted in the last 24
-- hours without an approval, are counted only where the guard needs them.
select
  count(*) filter (where operation = 'insert')::float8 as inserted,
  count(*) filter (where operation in ('update', 'restore'))::float8 as updated,
  count(*) filter (where operation = 'restore')::float8 as restored,
  count(*) filter (where operation = 'delete')::float8 as missing,
  count(*) filter (where operation = 'rehash')::float8 as rehashed,
  count(*) filter (where operation = 'reject')::float8 as rejected,
  count(*) filter (where reason in ('external_id is null', 'external_id is blank'))::float8 as "missingId",
  case
    when count(*) filter (where operation = 'delete') > 0
    then (select count(*) from sync.meter where client_system_id = $1 and active)
    else 0
  end::float8 as "activeBefore",
  case
    when count(*) filter (where operation = 'delete') > 0
    then (
      select greatest(0, coalesce(sum(deleted - restored), 0))
      from sync.run
      where client_system_id = $1
        and status = 'succeeded'
        and approve_deletes is null
        and queued_at > now() - interval '25 hours'
        and finished_at > now() - interval '24 hours'
    )
    else 0
  end::float8 as "deletedLately"
from change
