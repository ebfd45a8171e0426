-- Keeps what is about to change, for the run $1: of updates and restorations the columns that differ, old and new.
-- Of withheld deletions ($2) the first 1,000.
insert into sync.meter_change (run_id, meter_id, external_id, operation, before, after)
select $1::uuid, m.id, m.external_id, c.operation, difference.before, difference.after
from change c
join sync.meter m on m.id = c.meter_id
join staging s on s.ctid = c.staged
cross join lateral (
  select
    coalesce(jsonb_object_agg(key, old), '{}') as before,
    coalesce(jsonb_object_agg(key, new), '{}') as after
  from (
    values
      ('name', to_jsonb(m.name), to_jsonb(s.name), s.name is distinct from m.name),
      ('serialNumber', to_jsonb(m.serial_number), to_jsonb(s.serial_number), s.serial_number is distinct from m.serial_number),
      ('kind', to_jsonb(m.kind), to_jsonb(s.kind), s.kind is distinct from m.kind),
      ('unit', to_jsonb(m.unit), to_jsonb(s.unit), s.unit is distinct from m.unit),
      ('location', to_jsonb(m.location), to_jsonb(s.location), s.location is distinct from m.location),
      ('ipAddress', to_jsonb(m.ip_address), to_jsonb(s.ip_address), s.ip_address is distinct from m.ip_address),
      ('port', to_jsonb(m.port), to_jsonb(s.port::integer), s.port is distinct from m.port::text),
      ('active', to_jsonb(m.active), to_jsonb(s.active::boolean), s.active is distinct from m.active::text),
      ('attributes', m.attributes, s.attributes::jsonb, s.attributes::jsonb::text is distinct from m.attributes::text)
  ) as pair (key, old, new, differs)
  where differs
) difference
where c.operation in ('update', 'restore')
union all (
  select $1::uuid, m.id, m.external_id, case when $2 then 'withheld' else 'delete' end, null, null
  from change c
  join sync.meter m on m.id = c.meter_id
  where c.operation = 'delete'
  order by m.external_id
  limit case when $2 then 1000 end
)
