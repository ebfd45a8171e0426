-- Stores the first 1,000 rejected rows of the run $1, with values cut to 1 kB.
insert into sync.rejected_row (run_id, external_id, reason, row)
select
  $1,
  left(coalesce(s.external_id, s.cut_id), 1000),
  c.reason,
  (
    select coalesce(jsonb_object_agg(value.key, left(value.value, 1000)), '{}')
    from jsonb_each_text(to_jsonb(s)) value
    where value.key not in ('cut_id', 'row_bytes', 'nested', 'id_hash', 'row_hash') and value.value is not null
  )
from change c
join staging s on s.ctid = c.staged
where c.operation = 'reject'
order by c.staged
limit 1000
