-- Adds to the suspects the rows whose id hash the source has more than once. When such rows equal the local meter, nothing else
-- finds them.
insert into suspect (id_hash)
select id_hash
from their_row
group by id_hash
having count(*) > 1
