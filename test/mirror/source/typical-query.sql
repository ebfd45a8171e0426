-- The meters, for staging
select
  case when q.id_fits then q.c1::text end as external_id,
  case when q.small then q.c2::text end as name,
  case when q.small then null::text end as serial_number,
  case when q.small then null::text end as kind,
  case when q.small then null::text end as unit,
  case when q.small then q.c3::text end as location,
  case when q.small then null::text end as ip_address,
  case when q.small then q.c4::text end as port,
  case when q.small then coalesce(q.c5, true)::text end as active,
  case when q.small then '{' || ('"installed_on": ' || coalesce(to_json(q.c6)::text, 'null')) || '}' end as attributes,
  case when not q.id_fits then left(q.c1::text, 200) end as cut_id,
  case when not q.small then (coalesce(octet_length(q.c2), 0)::bigint + coalesce(octet_length(q.c3), 0)::bigint)::text end as row_bytes,
  q.nested,
  q.id_hash,
  case
    when not q.small and greatest(octet_length(q.c2), octet_length(q.c3)) > 8388608 then 0
    else hash_record_extended(
      row(
        q.c1,
        q.c2 collate "C",
        q.c3 collate "C",
        q.c4::integer,
        coalesce(q.c5, true),
        q.c6
      ),
      q.id_hash # '42'::bigint
    )
  end as row_hash
from (
select q.*,
  coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) as id_hash,
  coalesce(octet_length(q.c1::text) <= 1000, true) as id_fits,
  (coalesce(octet_length(q.c2), 0)::bigint + coalesce(octet_length(q.c3), 0)::bigint) <= 8388608 as small,
  false as nested
from (
select id, name, location, port, active, installed_on from meter
) q (c1, c2, c3, c4, c5, c6)
offset '0'
) q;

-- The valid meters of a first load
select
  q.c1::text,
  q.c2::text,
  null::text,
  null::text,
  null::text,
  q.c3::text,
  null::text,
  q.c4::integer,
  coalesce(q.c5, true),
  E'\x01' || ('{' || ('"installed_on": ' || coalesce(to_json(q.c6)::text, 'null')) || '}'),
  q.id_hash,
  case
    when not q.small and greatest(octet_length(q.c2), octet_length(q.c3)) > 8388608 then 0
    else hash_record_extended(
      row(
        q.c1,
        q.c2 collate "C",
        q.c3 collate "C",
        q.c4::integer,
        coalesce(q.c5, true),
        q.c6
      ),
      q.id_hash # '42'::bigint
    )
  end,
  'main'::text,
  '0197f0a0-0000-7000-8000-000000000001'::uuid,
  '0197f0a0-0000-7000-8000-000000000001'::uuid
from (
select q.*,
  coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) as id_hash,
  coalesce(octet_length(q.c1::text) <= 1000, true) as id_fits,
  (coalesce(octet_length(q.c2), 0)::bigint + coalesce(octet_length(q.c3), 0)::bigint) <= 8388608 as small,
  false as nested
from (
select id, name, location, port, active, installed_on from meter
) q (c1, c2, c3, c4, c5, c6)
offset '0'
) q
where q.id_fits
  and q.small
  and coalesce((q.c1::text) collate "C" >= '!' and (q.c1::text) collate "C" < E'\x7f' or (q.c1::text) collate "C" >= U&'\00A1' and (q.c1::text) collate "C" < U&'\1680' or (q.c1::text) collate "C" >= U&'\3001' and (q.c1::text) collate "C" < U&'\FEFF', false)
  and coalesce((q.c2::text) collate "C" >= '!' and (q.c2::text) collate "C" < E'\x7f' or (q.c2::text) collate "C" >= U&'\00A1' and (q.c2::text) collate "C" < U&'\1680' or (q.c2::text) collate "C" >= U&'\3001' and (q.c2::text) collate "C" < U&'\FEFF', false)
  and coalesce(q.c4::integer between 1 and 65535, true)
  and coalesce(q.c5, true) is not null;

-- The hash of each id and row, for an incremental read
select
  coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) as id_hash,
  case
    when greatest(octet_length(q.c2), octet_length(q.c3)) > 8388608 then 0
    else hash_record_extended(
      row(
        q.c1,
        q.c2 collate "C",
        q.c3 collate "C",
        q.c4::integer,
        coalesce(q.c5, true),
        q.c6
      ),
      coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) # '42'::bigint
    )
  end as row_hash
from (
select id, name, location, port, active, installed_on from meter
) q (c1, c2, c3, c4, c5, c6);

-- The same of some buckets
select
  coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) as id_hash,
  case
    when greatest(octet_length(q.c2), octet_length(q.c3)) > 8388608 then 0
    else hash_record_extended(
      row(
        q.c1,
        q.c2 collate "C",
        q.c3 collate "C",
        q.c4::integer,
        coalesce(q.c5, true),
        q.c6
      ),
      coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) # '42'::bigint
    )
  end as row_hash
from (
select * from (
select id, name, location, port, active, installed_on from meter
) q offset '0'
) q (c1, c2, c3, c4, c5, c6)
where (coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) & 1023)::integer = any ('{7,12}'::integer[]);

-- Some meters by the hashes of their ids
select
  case when q.id_fits then q.c1::text end as external_id,
  case when q.small then q.c2::text end as name,
  case when q.small then null::text end as serial_number,
  case when q.small then null::text end as kind,
  case when q.small then null::text end as unit,
  case when q.small then q.c3::text end as location,
  case when q.small then null::text end as ip_address,
  case when q.small then q.c4::text end as port,
  case when q.small then coalesce(q.c5, true)::text end as active,
  case when q.small then '{' || ('"installed_on": ' || coalesce(to_json(q.c6)::text, 'null')) || '}' end as attributes,
  case when not q.id_fits then left(q.c1::text, 200) end as cut_id,
  case when not q.small then (coalesce(octet_length(q.c2), 0)::bigint + coalesce(octet_length(q.c3), 0)::bigint)::text end as row_bytes,
  q.nested,
  q.id_hash,
  case
    when not q.small and greatest(octet_length(q.c2), octet_length(q.c3)) > 8388608 then 0
    else hash_record_extended(
      row(
        q.c1,
        q.c2 collate "C",
        q.c3 collate "C",
        q.c4::integer,
        coalesce(q.c5, true),
        q.c6
      ),
      q.id_hash # '42'::bigint
    )
  end as row_hash
from (
select q.*,
  coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) as id_hash,
  coalesce(octet_length(q.c1::text) <= 1000, true) as id_fits,
  (coalesce(octet_length(q.c2), 0)::bigint + coalesce(octet_length(q.c3), 0)::bigint) <= 8388608 as small,
  false as nested
from (
select * from (
select id, name, location, port, active, installed_on from meter
) q offset '0'
) q (c1, c2, c3, c4, c5, c6)
where coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) = any ('{17,-5}'::bigint[])
offset '0'
) q;

-- Some meters by their external ids
select
  case when q.id_fits then q.c1::text end as external_id,
  case when q.small then q.c2::text end as name,
  case when q.small then null::text end as serial_number,
  case when q.small then null::text end as kind,
  case when q.small then null::text end as unit,
  case when q.small then q.c3::text end as location,
  case when q.small then null::text end as ip_address,
  case when q.small then q.c4::text end as port,
  case when q.small then coalesce(q.c5, true)::text end as active,
  case when q.small then '{' || ('"installed_on": ' || coalesce(to_json(q.c6)::text, 'null')) || '}' end as attributes,
  case when not q.id_fits then left(q.c1::text, 200) end as cut_id,
  case when not q.small then (coalesce(octet_length(q.c2), 0)::bigint + coalesce(octet_length(q.c3), 0)::bigint)::text end as row_bytes,
  q.nested,
  q.id_hash,
  case
    when not q.small and greatest(octet_length(q.c2), octet_length(q.c3)) > 8388608 then 0
    else hash_record_extended(
      row(
        q.c1,
        q.c2 collate "C",
        q.c3 collate "C",
        q.c4::integer,
        coalesce(q.c5, true),
        q.c6
      ),
      q.id_hash # '42'::bigint
    )
  end as row_hash
from (
select q.*,
  coalesce(hashtextextended(q.c1::text collate "C", '42'::bigint), 0) as id_hash,
  coalesce(octet_length(q.c1::text) <= 1000, true) as id_fits,
  (coalesce(octet_length(q.c2), 0)::bigint + coalesce(octet_length(q.c3), 0)::bigint) <= 8388608 as small,
  false as nested
from (
select id, name, location, port, active, installed_on from meter
) q (c1, c2, c3, c4, c5, c6)
where q.c1 = any ('{17,4711}'::integer[])
offset '0'
) q;
