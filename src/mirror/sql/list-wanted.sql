-- Lists the meters of the source that must be read: their number, the hashes of their ids, and their external ids where they
-- are few of the source's meters ($1) and a local meter has the hash of each.
with wanted as materialized (
  select distinct id_hash
  from suspect
  where id_hash is not null
), counted as materialized (
  select count(*) as count, coalesce(array_agg(id_hash), '{}')::text as id_hashes
  from wanted
), known as (
  select m.id_hash, m.external_id
  from suspect
  join sync.meter m on m.id = suspect.meter_id
  where m.id_hash in (select id_hash from wanted)
)
select
  counted.count::float8 as count,
  counted.id_hashes as "idHashes",
  case
    when counted.count * 20 <= $1::float8 then (
      select case when count(distinct id_hash) = counted.count then array_agg(distinct external_id)::text end
      from known
      having sum(octet_length(external_id)) < 5000000
    )
  end as "externalIds"
from counted
