-- Computes the terms of the proof's equation (prove.ts) for the Client System $1 and the run $3: the present meters, the
-- rejected rows, and the present meters that the run kept as they were, because their rows were rejected or their deletion
-- was withheld ($2). Also returns the number of all meters, and the change that the run made to their content.
with untouched as materialized (
  select distinct meter_id
  from change
  where meter_id is not null and (operation = 'reject' or (operation = 'delete' and $2))
), present as (
  select
    count(*) as total,
    count(*) filter (where active) as active,
    count(*) filter (where removed_at is null) as rows,
    bit_xor(row_hash) filter (where removed_at is null) as digest,
    bit_xor(whole_hash) filter (where removed_at is null and last_run_id = $3) as written
  from sync.meter
  where client_system_id = $1
), replaced as (
  select bit_xor(content) as content
  from change
  where operation in ('update', 'rehash') or (operation = 'delete' and not $2)
), rehashed as (
  select bit_xor(m.whole_hash) as content
  from change c
  join sync.meter m on m.id = c.meter_id
  where c.operation = 'rehash'
), kept as (
  select count(*) as rows, bit_xor(m.row_hash) as digest
  from untouched
  join sync.meter m on m.id = untouched.meter_id
  where m.removed_at is null
), rejected as (
  select count(*) as rows, bit_xor(s.row_hash) as digest
  from change c
  join staging s on s.ctid = c.staged
  where c.operation = 'reject'
)
select
  present.total::float8 as total,
  present.active::float8 as active,
  (coalesce(present.written, 0) # coalesce(rehashed.content, 0) # coalesce(replaced.content, 0))::text as written,
  present.rows::float8 as "presentRows",
  coalesce(present.digest, 0)::text as "presentDigest",
  kept.rows::float8 as "keptRows",
  coalesce(kept.digest, 0)::text as "keptDigest",
  rejected.rows::float8 as "rejectedRows",
  coalesce(rejected.digest, 0)::text as "rejectedDigest"
from present, replaced, rehashed, kept, rejected
