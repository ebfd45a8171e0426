-- Corrects the values that sync.meter_collection copies from sync.meter, for the next $3 meters of the Client System $1 after
-- the id $2: of those that the run $4 changed, or of all where $4 is NULL. Returns the last id that was read, NULL at the end.
-- Rows are locked in the order of their ids, as in the trigger.
with page as (
  (
    select meter_id
    from sync.meter_collection
    where $4::uuid is null and meter_id > $2
    order by meter_id
    limit $3
  )
  union all
  (
    select meter_id
    from sync.meter_change
    where run_id = $4 and meter_id > $2
    order by meter_id
    limit $3
  )
), differing as (
  select c.meter_id, m.active, i.seconds
  from page
  join sync.meter_collection c using (meter_id)
  join sync.meter m on m.id = c.meter_id
  join sync.client_system s on s.id = m.client_system_id
  cross join lateral (
    select coalesce(sync.reading_interval_seconds(m.attributes), s.reading_interval_seconds) as seconds
  ) i
  where c.client_system_id = $1 and (c.active <> m.active or c.interval_seconds <> i.seconds)
  order by c.meter_id
  for no key update of c
), corrected as (
  update sync.meter_collection c
  set
    active = d.active,
    interval_seconds = d.seconds,
    late_at = c.last_read_at + make_interval(secs => 2 * d.seconds),
    silent_at = c.last_read_at + make_interval(secs => 6 * d.seconds)
  from differing d
  where c.meter_id = d.meter_id
)
select max(meter_id)::text as last
from page
