-- $1 meters in the Sync database, as a run writes them, but with a collector's state for most of them. Names and locations
-- are made of words that are rare or frequent.
with meters as (
  insert into sync.meter (
    client_system_id, external_id, name, serial_number, kind, unit, location, ip_address, port, attributes, active,
    created_run_id, last_run_id
  )
  select
    'main',
    'M' || lpad(number::text, 8, '0'),
    (array['Boiler room', 'Stairwell', 'Pump house', 'Flat', 'Shop', 'Roof', 'Heat exchanger', 'Main supply'])[1 + number % 8]
      || ' ' || number % 1000 || case when number % 5000 = 0 then ' (temporary)' else '' end,
    upper(lpad(to_hex(number * 48271 % 2147483647), 8, '0')),
    (array['electricity', 'water', 'heat', 'gas'])[1 + number / 8 % 4],
    'kWh',
    (array['Oak street', 'Mill lane', 'Harbour road', 'Market square', 'Station road'])[1 + number % 5] || ' ' || number % 400
      || ', floor ' || number % 7,
    '10.0.0.1',
    502,
    jsonb_build_object('model', 'EM340', 'multiplier', 1),
    number % 97 <> 0,
    gen_random_uuid(),
    gen_random_uuid()
  from generate_series(1, $1::bigint) number
  returning id, active
)
insert into sync.meter_collection (meter_id, last_read_at, late_at, silent_at, interval_seconds, active, client_system_id)
select id, at, at + interval '2 hours', at + interval '6 hours', 3600, active, 'main'
from meters
cross join lateral (
  select now() - make_interval(secs => (id * 7919 % 3600)::float8 + case when id % 997 = 0 then 90000 else 0 end) as at
) reading
where id % 50 > 0
