-- Selects at most $9 readings of the Client System $1 after the reading ($6, $7, $8), by meter, then from old to new: of the
-- kind $2 and the location $3, from the time $4 on and before $5, or of the meter $10 alone. `offset 0` fences the subqueries,
-- so that the meters are read in their order and a page reads no meter after its end.
select
  m.id::float8 as "meterId",
  m.external_id as "externalId",
  r.quantity,
  r.value::text as value,
  r.unit,
  r.read_at::text as at,
  r.text as "readAt"
from (
  select id, external_id
  from sync.meter
  where client_system_id = $1
    and ($2::text is null or kind = $2)
    and ($3::text is null or location = $3)
    and ($10::bigint is null or id = $10)
    and id >= coalesce($6::bigint, 0)
  order by id
  offset 0
) m
cross join lateral (
  select
    quantity, value, unit, read_at,
    case
      when read_at >= '0001-01-01 00:00Z' and read_at < '10000-01-01 00:00Z'
      then to_char(read_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      else read_at::text
    end as text
  from sync.meter_reading
  where meter_id = m.id
    and ($4::timestamptz is null or read_at >= $4)
    and ($5::timestamptz is null or read_at < $5)
    and ($6::bigint is null or m.id > $6 or (read_at, quantity) > ($7::timestamptz, $8::text))
  order by read_at, quantity
  limit $9
) r
order by m.id, r.read_at, r.quantity
limit $9
