-- Writes the differences between staging and the meters of `ours` to `change`.
insert into change (operation, reason, meter_id, staged, content, row_hash, active, external_id, before, after)
select
  operation,
  reason,
  meter_id,
  staged,
  case when not removed then content end,
  case when not removed then our_row_hash end,
  case when not removed then our_active end,
  case when updates then external_id end,
  case when updates then
    case when name is distinct from our_name then jsonb_build_object('name', our_name) else '{}' end
      || case when serial_number is distinct from our_serial_number then jsonb_build_object('serialNumber', our_serial_number) else '{}' end
      || case when kind is distinct from our_kind then jsonb_build_object('kind', our_kind) else '{}' end
      || case when unit is distinct from our_unit then jsonb_build_object('unit', our_unit) else '{}' end
      || case when location is distinct from our_location then jsonb_build_object('location', our_location) else '{}' end
      || case when ip_address is distinct from our_ip_address then jsonb_build_object('ipAddress', our_ip_address) else '{}' end
      || case when port is distinct from our_port::text then jsonb_build_object('port', our_port) else '{}' end
      || case when active is distinct from our_active::text then jsonb_build_object('active', our_active) else '{}' end
      || case when attributes_differ then jsonb_build_object('attributes', our_attributes) else '{}' end
  end,
  case when updates then
    case when name is distinct from our_name then jsonb_build_object('name', name) else '{}' end
      || case when serial_number is distinct from our_serial_number then jsonb_build_object('serialNumber', serial_number) else '{}' end
      || case when kind is distinct from our_kind then jsonb_build_object('kind', kind) else '{}' end
      || case when unit is distinct from our_unit then jsonb_build_object('unit', unit) else '{}' end
      || case when location is distinct from our_location then jsonb_build_object('location', location) else '{}' end
      || case when ip_address is distinct from our_ip_address then jsonb_build_object('ipAddress', ip_address) else '{}' end
      || case when port is distinct from our_port::text then jsonb_build_object('port', port::integer) else '{}' end
      || case when active is distinct from our_active::text then jsonb_build_object('active', active::boolean) else '{}' end
      || case when attributes_differ then jsonb_build_object('attributes', attributes::jsonb) else '{}' end
  end
from (
  select
    judged.*,
    case
      when staged is null then 'delete'
      when reason is not null then 'reject'
      when meter_id is null then 'insert'
      when removed then 'restore'
      when changed then 'update'
      -- The row has another hash and the same texts, so only the hash is stored.
      else 'rehash'
    end as operation,
    staged is not null and reason is null and (removed or changed) and meter_id is not null as updates
  from (
    select
      pair.*,
      -- A text that begins with a visible ASCII character is not blank.
      case
        when staged is null then null
        when cut_id is not null then 'id_too_long'
        when external_id is null then 'missing_id'
        when ascii(external_id) not between 33 and 126 and btrim(external_id, blanks) = '' then 'blank_id'
        when row_bytes is not null then 'row_too_large:' || row_bytes
        when nested then 'json_too_deep'
        when duplicate then 'duplicate_id'
        when name is null then 'missing_name'
        when ascii(name) not between 33 and 126 and btrim(name, blanks) = '' then 'blank_name'
        when port !~ '^[1-9][0-9]{0,4}$' then 'invalid_port'
        when port::integer > 65535 then 'invalid_port'
        when active not in ('true', 'false') then 'invalid_active'
      end as reason
    from (
      select
        m.id as meter_id,
        m.removed_at is not null as removed,
        m.whole_hash as content,
        s.ctid as staged,
        d.external_id is not null as duplicate,
        s.cut_id, s.external_id, s.row_bytes, s.nested,
        s.name, s.serial_number, s.kind, s.unit, s.location, s.ip_address, s.port, s.active, s.attributes,
        m.name as our_name, m.serial_number as our_serial_number, m.kind as our_kind, m.unit as our_unit,
        m.location as our_location, m.ip_address as our_ip_address, m.port as our_port, m.active as our_active,
        m.attributes as our_attributes, m.row_hash as our_row_hash,
        s.name is distinct from m.name
          or s.serial_number is distinct from m.serial_number
          or s.kind is distinct from m.kind
          or s.unit is distinct from m.unit
          or s.location is distinct from m.location
          or s.ip_address is distinct from m.ip_address
          or s.port is distinct from m.port::text
          or s.active is distinct from m.active::text
          -- Where the source is not UTF8 the same jsonb may have its keys in another order.
          or (s.attributes is distinct from m.attributes::text and s.attributes::jsonb::text is distinct from m.attributes::text)
          as changed,
        s.row_hash is distinct from m.row_hash or s.id_hash is distinct from m.id_hash as rehashed
      from staging s
      full join ours m on m.external_id = s.external_id
      left join duplicate d on d.external_id = s.external_id
    ) pair
    -- The white space of Unicode and U+FEFF. They are listed, because what a regular expression takes for white space
    -- depends on the locale of the database.
    cross join (
      values (
        E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a'
          || E'\u2028\u2029\u202f\u205f\u3000\ufeff'
      )
    ) as space (blanks)
    -- A row that equals a present meter can only be a duplicate, because every meter was checked when it was written.
    where case
      when staged is null then not removed
      when meter_id is null or removed or duplicate then true
      else changed or rehashed
    end
    -- A fence, so that `reason` is computed once for each row.
    offset 0
  ) judged
) difference
-- Parsed once, and only where the texts differ (the same jsonb may come with its keys in another order).
cross join lateral (
  select
    case
      when updates
        then attributes is distinct from our_attributes::text and attributes::jsonb::text is distinct from our_attributes::text
    end
  offset 0
) parsed (attributes_differ)
