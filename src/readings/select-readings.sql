-- Selects at most $6 readings of the meter $1 from the time $2 on and before $3, newest first, after the reading ($4, $5), with
-- their flags. $7 are the names of the quantities that only grow. The flags are computed from the readings that are stored
-- now, so a reading that arrives late changes the flags of the next one.
select
  json_build_object(
    'quantity', r.quantity,
    'readAt', case
      when r.read_at >= '0001-01-01 00:00Z' and r.read_at < '10000-01-01 00:00Z'
      then to_char(r.read_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      else r.read_at::text
    end,
    'value', r.value,
    'unit', r.unit,
    'flags', array_remove(
      array[
        case
          when before.value is null or before.value <= r.value then null
          when replaced.yes then 'meter_replaced'
          -- From the last tenth of all digits to the first one.
          when wrap.digits >= 4 and before.value > 0.9 * 10 ^ wrap.digits and r.value between 0 and 0.1 * 10 ^ wrap.digits
            then 'rollover'
          else 'decrease'
        end,
        case when r.read_at > now() + interval '5 minutes' then 'future' end,
        case when register.yes and r.unit <> m.unit then 'unit' end
      ],
      null
    )
  )::text as reading,
  r.read_at::text as at,
  r.quantity
from (
  select *
  from sync.meter_reading
  where meter_id = $1
    and ($2::timestamptz is null or read_at >= $2)
    and ($3::timestamptz is null or read_at < $3)
    and ($4::timestamptz is null or (read_at, quantity) < ($4, $5::text))
  order by read_at desc, quantity desc
  limit $6
) r
cross join (select unit from sync.meter where id = $1) m
cross join lateral (
  select exists (
    select
    from unnest($7::text[]) name
    where lower(r.quantity) = name or starts_with(lower(r.quantity), name || '_')
  ) as yes
) register
cross join lateral (
  select case when r.read_at > '0001-01-01 00:00Z' then r.read_at - interval '1 month' else '-infinity' end as since
) month
-- The previous reading. Older partitions are read only when those of the last month have none.
-- Values of different units cannot be compared.
left join lateral (
  select (found.reading).value, (found.reading).read_at
  from (
    select coalesce(
      (
        select p
        from sync.meter_reading p
        where p.meter_id = r.meter_id and p.quantity = r.quantity and p.read_at < r.read_at and p.read_at >= month.since
          and (p.unit = r.unit or p.unit is null or r.unit is null)
        order by p.read_at desc
        limit 1
      ),
      (
        select p
        from sync.meter_reading p
        where p.meter_id = r.meter_id and p.quantity = r.quantity and p.read_at < month.since
          and (p.unit = r.unit or p.unit is null or r.unit is null)
        order by p.read_at desc
        limit 1
      )
    ) as reading
    offset 0
  ) found
) before on register.yes
cross join lateral (
  select case
    when before.value > r.value and before.value <> 'NaN' and before.value <> 'Infinity'
    then length(trunc(before.value)::text)
  end as digits
) wrap
-- The next sync sees the new serial number, and readings of the new meter may come before it.
cross join lateral (
  select before.value > r.value and exists (
    select
    from sync.meter_change c
    where c.meter_id = r.meter_id
      and c.after ? 'serialNumber'
      and c.at > before.read_at
      and c.at - interval '1 day' < r.read_at
  ) as yes
) replaced
order by r.read_at desc, r.quantity desc
