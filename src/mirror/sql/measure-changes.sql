-- Computes the terms of the proof's equation (prove.ts) for the Client System $1 from `change` and from the stored meters.
-- `replaced` are the present meters that the run wrote, as they were at the comparison; `written` are the same and the new
-- ones, as they are stored now. `kept` are the meters that stay as they are, because their rows were rejected or their
-- deletion is withheld ($2). `content` is the xor of `whole_hash` over the present ones.
with difference as materialized (
  select operation, meter_id, staged, content, row_hash, active
  from change
  -- Kept meters are not locked, so another program may have changed one since. The content must not include that.
  where operation <> 'reject' and not (operation = 'delete' and $2)
), replaced as (
  select
    count(*) as rows,
    count(*) filter (where active) as active,
    bit_xor(row_hash) as digest,
    bit_xor(content) as content
  from difference
  where content is not null
), written as (
  select
    count(*) filter (where operation = 'insert') as inserted,
    count(*) filter (where removed_at is null) as rows,
    count(*) filter (where active) as active,
    bit_xor(row_hash) filter (where removed_at is null) as digest,
    bit_xor(whole_hash) filter (where removed_at is null) as content
  from (
    select d.operation, m.removed_at, m.active, m.row_hash, m.whole_hash
    from difference d
    join sync.meter m on m.id = d.meter_id
    union all
    select d.operation, m.removed_at, m.active, m.row_hash, m.whole_hash
    from difference d
    cross join lateral (select external_id from staging where staging.ctid = d.staged offset 0) s
    join sync.meter m on m.client_system_id = $1 and m.external_id = s.external_id
    where d.operation = 'insert'
  ) stored
), kept as (
  select count(*) as rows, bit_xor(row_hash) as digest
  from (
    select distinct meter_id, row_hash
    from change
    where content is not null and (operation = 'reject' or (operation = 'delete' and $2))
  ) untouched
), rejected as (
  select count(*) as rows, bit_xor(s.row_hash) as digest
  from change c
  join staging s on s.ctid = c.staged
  where c.operation = 'reject'
)
select
  written.inserted::float8 as inserted,
  (written.active - replaced.active)::float8 as "activeDelta",
  (written.rows - replaced.rows)::float8 as "rowsDelta",
  (coalesce(written.digest, 0) # coalesce(replaced.digest, 0))::text as "digestDelta",
  (coalesce(written.content, 0) # coalesce(replaced.content, 0))::text as "contentDelta",
  kept.rows::float8 as "keptRows",
  coalesce(kept.digest, 0)::text as "keptDigest",
  rejected.rows::float8 as "rejectedRows",
  coalesce(rejected.digest, 0)::text as "rejectedDigest"
from replaced, written, kept, rejected
