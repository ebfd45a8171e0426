-- Counts the active meters of the Client System $1 by location, kind and state: the first $2 groups, those with the most
-- silent, then late, then never reporting meters first.
select
  m.location,
  m.kind,
  count(*) filter (where c.late_at >= now())::float8 as reporting,
  count(*) filter (where c.late_at < now() and c.silent_at >= now())::float8 as late,
  count(*) filter (where c.silent_at < now())::float8 as silent,
  count(*) filter (where c.meter_id is null)::float8 as never,
  nullif(max(c.last_read_at) filter (where c.silent_at < now()), '-infinity') as "silentSince"
from sync.meter m
left join sync.meter_collection c on c.meter_id = m.id
where m.client_system_id = $1 and m.active
group by m.location, m.kind
order by silent desc, late desc, never desc, m.location, m.kind
limit $2
