-- Finds the buckets that differ, by the digests of both sides. Local meters without a hash are in the bucket null; removed
-- ones are in -1 and only counted. `rowsToHash` are the source's rows in the buckets that differ.
select
  coalesce(sum(theirs.rows), 0)::float8 as rows,
  coalesce(bit_xor(theirs.digest), 0)::text as digest,
  coalesce(bit_xor(ours.content), 0)::text as content,
  coalesce(sum(ours.rows), 0)::float8 as present,
  coalesce(bit_xor(ours.digest), 0)::text as "presentDigest",
  coalesce(sum(theirs.rows) filter (where differs), 0)::float8 as "rowsToHash",
  count(*) filter (where not differs) = 0 as "allDiffer",
  (select coalesce(sum(rows), 0) from our_digest)::float8 as meters,
  coalesce(array_agg(coalesce(theirs.bucket, ours.bucket)) filter (where differs), '{}')::text as differing
from their_digest theirs
full join (select * from our_digest where bucket is distinct from -1) ours on ours.bucket = theirs.bucket
cross join lateral (
  select (theirs.rows, theirs.digest) is distinct from (ours.rows, ours.digest)
) as compared (differs)
