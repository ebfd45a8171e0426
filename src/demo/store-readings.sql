-- Stores the readings of the minutes after $2 up to $3. Each meter is read every 15 minutes, at its own minute. $1 is a json
-- array of kinds. A value is a function of the meter and the time, so that it never decreases and is the same at each call.
-- The gateway of a location fails on one day of four, for six hours: its meters are not read then.
insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
select
  m.id,
  k.quantity,
  t.read_at,
  round((c.start + c.hourly * c.hours)::numeric, k.decimals),
  m.unit
from sync.meter m
join jsonb_to_recordset($1::jsonb) as k (kind text, quantity text, hourly float8, decimals integer, solar boolean)
  on k.kind = m.kind
cross join lateral (
  select
    (hashint8extended(m.id, 1) & 1048575) / 1048576.0::float8 as size,
    (hashint8extended(m.id, 2) & 1048575) / 1048576.0::float8 as age
) random
cross join generate_series(date_trunc('minute', $2::timestamptz), $3::timestamptz, interval '1 minute') as t (read_at)
cross join lateral (
  select
    extract(epoch from t.read_at)::float8 / 3600 - 480000 as hours_passed,
    extract(epoch from t.read_at)::bigint / 60 as minute
) clock
cross join lateral (
  select
    k.hourly * (0.3 + 1.4 * random.size) as hourly,
    k.hourly * (0.3 + 1.4 * random.size) * 40000 * random.age as start,
    case
      when k.solar
        -- The amount of 24 average hours, but between 6:00 and 18:00.
        then 24 * (floor(clock.hours_passed / 24) + (1 - cos(pi() * least(greatest((clock.hours_passed - 24 * floor(clock.hours_passed / 24) - 6) / 12, 0), 1))) / 2)
        -- The maximum is at 14:00, the minimum twelve hours later.
        else clock.hours_passed + 0.7 * 24 / (2 * pi()) * sin(2 * pi() * (clock.hours_passed - 14) / 24)
    end as hours
) c
cross join lateral (
  select
    hashtextextended(m.location, floor(clock.hours_passed / 24)::bigint) & 1048575 as fate,
    clock.hours_passed - 24 * floor(clock.hours_passed / 24) as hour
) gateway
where m.active
  and (gateway.fate % 4 = 0 and gateway.hour - gateway.fate / 4 % 19 between 0 and 6) is not true
  and m.removed_at is null
  and t.read_at > $2::timestamptz
  and (clock.minute - m.id) % 15 = 0
on conflict do nothing
