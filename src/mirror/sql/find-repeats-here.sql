-- The reverse: two meters here with the hashes of one row, one of them under an id that somebody else gave it.
insert into suspect (id_hash, meter_id)
select o.id_hash, o.id
from our_row o
join (
  select id_hash, row_hash
  from our_row
  group by id_hash, row_hash
  having count(*) > 1
) twice using (id_hash, row_hash)
