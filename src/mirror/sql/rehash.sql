-- Keeps the source's hashes of the meters that are as it has them, so that the next run need not look at them again.
update sync.meter m
set id_hash = s.id_hash, row_hash = s.row_hash
from change c
cross join lateral (select * from staging where staging.ctid = c.staged offset 0) s
where c.operation = 'rehash' and m.id = c.meter_id
  -- Somebody else may have changed it meanwhile: its content would then be taken for what was compared.
  and m.whole_hash = c.content
