-- Writes to `duplicate` the external ids that staging has more than once.
insert into duplicate (external_id)
select external_id
from staging
where external_id is not null
  -- Counting hashes is faster, and shows when there are none: equal ids have equal hashes.
  and (select count(external_id) > count(distinct id_hash) filter (where external_id is not null) from staging)
group by external_id
having count(*) > 1
