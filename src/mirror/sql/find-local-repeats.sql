-- Adds to the suspects the local meters whose hashes are equal. Another program has changed the external id of one of them.
insert into suspect (id_hash, meter_id)
select o.id_hash, o.id
from our_row o
join (
  select id_hash, row_hash
  from our_row
  group by id_hash, row_hash
  having count(*) > 1
) twice using (id_hash, row_hash)
