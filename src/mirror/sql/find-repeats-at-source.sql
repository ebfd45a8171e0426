-- Adds rows to the suspects that the source has twice and that both equal the local meter.
insert into suspect (id_hash)
select id_hash
from their_row
group by id_hash
having count(*) > 1
