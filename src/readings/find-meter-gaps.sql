-- Finds at most $5 gaps of the meter $1 in the period from $2 to $3, by quantity. A gap is between two readings that are more
-- than one and a half expected intervals ($4 seconds) apart, or from the last reading to the end of the period. A gap that
-- began before the period is shown from its beginning.
with read as (
  select quantity, read_at
  from sync.meter_reading
  where meter_id = $1 and read_at >= $2 and read_at < $3
  union all
  -- The last reading of each quantity before the period.
  select known.quantity, before.read_at
  from (
    with recursive known as (
      (select quantity from sync.meter_reading where meter_id = $1 order by quantity limit 1)
      union all
      select (
        select r.quantity
        from sync.meter_reading r
        where r.meter_id = $1 and r.quantity > known.quantity
        order by r.quantity
        limit 1
      )
      from known
      where known.quantity is not null
    )
    select quantity from known where quantity is not null
  ) known
  cross join lateral (
    select read_at
    from sync.meter_reading
    where meter_id = $1 and quantity = known.quantity and read_at < $2
    order by read_at desc
    limit 1
  ) before
), paired as (
  select quantity, read_at, lead(read_at) over (partition by quantity order by read_at) as next
  from read
)
select
  quantity,
  read_at as "from",
  next as "to",
  greatest(1, round(extract(epoch from coalesce(next, least($3, now())) - read_at) / $4) - 1)::float8 as missing
from paired
where isfinite(read_at)
  and isfinite(coalesce(next, now()))
  and extract(epoch from coalesce(next, least($3, now())) - read_at) > 1.5 * $4
order by read_at desc, quantity
limit $5
