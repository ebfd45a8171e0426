-- Selects an older Client System with at least half of the present meters of the Client System $1, by external id and name.
select older.id
from sync.client_system own
join sync.client_system older on older.created_at < own.created_at
-- A lateral join, so that no meter is read when there is no older Client System.
cross join lateral (
  select count(*) as meters
  from sync.meter former
  join sync.meter present on present.external_id = former.external_id and present.name = former.name
  where former.client_system_id = older.id and former.removed_at is null
    and present.client_system_id = own.id and present.removed_at is null
) shared
where own.id = $1 and shared.meters > 0
  and shared.meters * 2 >= (select count(*) from sync.meter where client_system_id = $1 and removed_at is null)
order by shared.meters desc, older.id
limit 1
