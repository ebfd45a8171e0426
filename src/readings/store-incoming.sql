-- Stores the readings of `incoming` whose meter is known, inactive meters included. Readings that are already stored stay.
-- Returns how many were new, how many have a meter, and the lines of the others.
with known as (
  select i.line, m.id as meter_id, i.quantity, i.read_at, i.value, i.unit
  from pg_temp.incoming i
  join sync.meter m on m.client_system_id = i.client_system_id and m.external_id = i.external_id
), stored as (
  insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
  select meter_id, quantity, read_at, value, unit
  from known
  order by meter_id, quantity, read_at, line
  on conflict do nothing
  returning 1
)
select
  (select count(*) from stored)::float8 as stored,
  (select count(*) from known)::float8 as known,
  coalesce((select array_agg(line order by line) from pg_temp.incoming where line not in (select line from known)), '{}') as unknown
