-- Handles the readings of `incoming` at the lines $1, whose meter was not known. Stores those whose meter was inserted
-- meanwhile, and lets the others wait, at most $2 of each Client System. Returns how many were stored, how many have a meter
-- now, and the lines that are not kept: those beyond the limit, and those with an id that no meter can have. A reading that
-- already waits is kept. Requires the lock that keeps a run from ending (lockForWaiting).
with unknown as (
  select *
  from pg_temp.incoming
  where line = any($1::integer[])
), known as (
  select u.line, m.id as meter_id, u.quantity, u.read_at, u.value, u.unit
  from unknown u
  join sync.meter m on m.client_system_id = u.client_system_id and m.external_id = u.external_id
), stored as (
  insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
  select meter_id, quantity, read_at, value, unit
  from known
  order by meter_id, quantity, read_at, line
  on conflict do nothing
  returning 1
), waiting as (
  select client_system_id, count(*) as readings
  from sync.waiting_reading
  group by client_system_id
), again as (
  select u.line
  from unknown u
  join sync.waiting_reading w on w.client_system_id = u.client_system_id and w.external_id = u.external_id
    and md5(w.quantity) = md5(u.quantity) and w.read_at = u.read_at
), candidate as (
  select u.*, row_number() over (partition by u.client_system_id order by u.line) as number
  from unknown u
  where u.line not in (select line from known union all select line from again) and octet_length(u.external_id) <= 1000
), kept as (
  select c.*
  from candidate c
  left join waiting w using (client_system_id)
  where c.number + coalesce(w.readings, 0) <= $2
), inserted as (
  insert into sync.waiting_reading (client_system_id, external_id, quantity, read_at, value, unit)
  select client_system_id, external_id, quantity, read_at, value, unit
  from kept
  order by line
  on conflict do nothing
)
select
  (select count(*) from stored)::float8 as stored,
  (select count(*) from known)::float8 as known,
  coalesce(
    (
      select array_agg(line order by line)
      from unknown
      where line not in (select line from known union all select line from again union all select line from kept)
    ),
    '{}'
  ) as rejected
