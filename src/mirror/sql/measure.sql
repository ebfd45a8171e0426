-- The xor of the hashes of staging, and what stands here before anything is written: how many meters of the view `ours`, and
-- of the present ones their number and the xor of their hashes.
select
  (select coalesce(bit_xor(row_hash), 0) from staging)::text as digest,
  count(*)::float8 as total,
  count(*) filter (where active)::float8 as active,
  count(*) filter (where removed_at is null)::float8 as present,
  coalesce(bit_xor(row_hash) filter (where removed_at is null), 0)::text as "presentDigest",
  coalesce(bit_xor(whole_hash) filter (where removed_at is null), 0)::text as content
from ours
