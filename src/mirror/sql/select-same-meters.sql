-- Selects an older Client System with at least half of the present meters of the Client System $1, by external id and name.
select them.id
from sync.client_system us
join sync.client_system them on them.created_at < us.created_at
-- Counted for each older one separately, so that no meter is read when there is none.
cross join lateral (
  select count(*) as meters
  from sync.meter theirs
  join sync.meter ours on ours.external_id = theirs.external_id and ours.name = theirs.name
  where theirs.client_system_id = them.id and theirs.removed_at is null
    and ours.client_system_id = us.id and ours.removed_at is null
) shared
where us.id = $1 and shared.meters > 0
  and shared.meters * 2 >= (select count(*) from sync.meter where client_system_id = $1 and removed_at is null)
order by shared.meters desc, them.id
limit 1
