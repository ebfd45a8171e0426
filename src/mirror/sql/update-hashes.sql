-- Stores the source's hashes of meters that equal their rows, so that the next run does not read them again.
update sync.meter m
set id_hash = s.id_hash, row_hash = s.row_hash
from change c
cross join lateral (select * from staging where staging.ctid = c.staged offset 0) s
where c.operation = 'rehash' and m.id = c.meter_id
  -- A meter that another program has changed since the comparison keeps its hashes, so that the next run detects the change.
  and m.whole_hash = c.content
