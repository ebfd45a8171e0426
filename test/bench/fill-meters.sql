-- $1 meters as a Client System may hold them, about 100 bytes each.
insert into meter
select
  'M' || lpad(number::text, 8, '0'),
  'Meter ' || number,
  upper(lpad(to_hex(number * 48271 % 2147483647), 8, '0')),
  (array['electricity', 'water', 'heat', 'gas'])[1 + number % 4],
  (array['kWh', 'm3', 'kWh', 'm3'])[1 + number % 4],
  'B' || number % 400 || ', floor ' || number % 7,
  '10.0.0.0'::inet + number % 16000000,
  case when number % 50 = 0 then 4059 else 502 end,
  number % 97 <> 0,
  (array['EM340', 'iEM3155', 'UH50', 'BK-G4'])[1 + number % 4],
  (array[1, 1, 0.1, 40])[1 + number / 4 % 4],
  date '2012-01-01' + (number * 7 % 4600)::integer
from generate_series(1, $1::bigint) number
