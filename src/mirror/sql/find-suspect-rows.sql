-- Finds the meters that differ in the buckets that differ: rows of the source and local meters without an equal counterpart.
insert into suspect (id_hash, meter_id)
select theirs.id_hash, ours.id
from their_row theirs
full join our_row ours on ours.id_hash = theirs.id_hash and ours.row_hash = theirs.row_hash
where theirs.id_hash is null or ours.id is null
