-- Writes to `change` what differs between staging and the meters of the Client System $1.
with doubled as materialized (
  select external_id
  from staging
  where external_id is not null
  group by external_id
  having count(*) > 1
)
insert into change (operation, reason, meter_id, staged)
select verdict.operation, verdict.reason, verdict.meter_id, verdict.staged
from (
  select
    m.id as meter_id,
    s.ctid as staged,
    faults.reason,
    case
      when s.ctid is null then case when m.removed_at is null then 'delete' end
      when faults.reason is not null then 'reject'
      when m.id is null then 'insert'
      when m.removed_at is not null then 'restore'
      when s.name is distinct from m.name
        or s.serial_number is distinct from m.serial_number
        or s.kind is distinct from m.kind
        or s.unit is distinct from m.unit
        or s.location is distinct from m.location
        or s.ip_address is distinct from m.ip_address
        or s.port is distinct from m.port::text
        or s.active is distinct from m.active::text
        -- Where the source is not UTF8 the same jsonb may have its keys in another order.
        or (s.attributes is distinct from m.attributes::text and s.attributes::jsonb::text is distinct from m.attributes::text)
      then 'update'
    end as operation
  from staging s
  full join (select * from sync.meter where client_system_id = $1) m on m.external_id = s.external_id
  left join doubled d on d.external_id = s.external_id
  cross join lateral (
    select
      case
        when s.ctid is null then null
        when s.cut_id is not null then 'external_id is longer than 1,000 bytes'
        when s.external_id is null then 'external_id is null'
        when s.external_id !~ '\S' then 'external_id is blank'
        when s.row_bytes is not null then 'row is larger than 8 MB: ' || s.row_bytes || ' bytes'
        when d.external_id is not null then 'external_id comes more than once'
        when s.name is null then 'name is null'
        when s.name !~ '\S' then 'name is blank'
        when s.port !~ '^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$' then 'port is not a number from 1 to 65535'
        when s.active not in ('true', 'false') then 'active is not a boolean'
      end as reason
  ) faults
) verdict
where verdict.operation is not null
