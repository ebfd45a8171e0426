-- Which parts differ: the digests of both sides, a bucket each, side by side. Local meters without a hash stand in the
-- bucket null, removed ones, which are only counted, in -1. `rowsToAsk` are the source's rows in the buckets that differ.
select
  coalesce(sum(theirs.rows), 0)::float8 as rows,
  coalesce(bit_xor(theirs.digest), 0)::text as digest,
  coalesce(bit_xor(ours.content), 0)::text as content,
  coalesce(sum(theirs.rows) filter (where differs), 0)::float8 as "rowsToAsk",
  count(*) filter (where not differs) = 0 as "allDiffer",
  (select coalesce(sum(rows), 0) from our_digest)::float8 as meters,
  coalesce(array_agg(coalesce(theirs.bucket, ours.bucket)) filter (where differs), '{}')::text as buckets
from their_digest theirs
full join (select * from our_digest where bucket is distinct from -1) ours on ours.bucket = theirs.bucket
cross join lateral (
  select (theirs.rows, theirs.digest) is distinct from (ours.rows, ours.digest)
) as compared (differs);

-- Which meters: in the buckets that differ, what the source has and what stands here, as far as they are not the same.
insert into suspect (id_hash, meter_id)
select theirs.id_hash, ours.id
from their_row theirs
full join our_row ours on ours.id_hash = theirs.id_hash and ours.row_hash = theirs.row_hash
where theirs.id_hash is null or ours.id is null;

-- Whether one side has rows more than once that the other side has: of those that are the same both have as many else.
select
  (select count(*) from their_row) - (select count(id_hash) from suspect)
    <> (select count(*) from our_row) - (select count(meter_id) from suspect) as uneven;

-- Rows that the source has twice and that both are as the meter here.
insert into suspect (id_hash)
select id_hash
from their_row
group by id_hash
having count(*) > 1;

-- The reverse: two meters here with the hashes of one row, one of them under an id that somebody else gave it.
insert into suspect (id_hash, meter_id)
select o.id_hash, o.id
from our_row o
join (
  select id_hash, row_hash
  from our_row
  group by id_hash, row_hash
  having count(*) > 1
) twice using (id_hash, row_hash);

-- Whatever the rows that came are compared with is to be looked at too, deleted meters among them. $1 is the Client
-- System.
insert into suspect (meter_id)
select m.id
from staging s
join sync.meter m on m.client_system_id = $1 and m.external_id = s.external_id
