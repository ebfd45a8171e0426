-- Measures both sides before anything is written: the xor of the hashes of staging, the numbers of meters of the view `ours`,
-- and the xors of the hashes of the present ones.
select
  (select coalesce(bit_xor(row_hash), 0) from staging)::text as digest,
  count(*)::float8 as total,
  count(*) filter (where active)::float8 as active,
  count(*) filter (where removed_at is null)::float8 as present,
  coalesce(bit_xor(row_hash) filter (where removed_at is null), 0)::text as "presentDigest",
  coalesce(bit_xor(whole_hash) filter (where removed_at is null), 0)::text as content
from ours
