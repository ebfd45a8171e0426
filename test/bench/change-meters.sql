-- Gives one meter in $1 a new value in two columns, an attribute among them.
update meter
set
  location = 'B' || $2::text || ', moved',
  multiplier = $2::numeric
where right(external_id, 8)::bigint % $1::bigint = $2::bigint % $1::bigint
