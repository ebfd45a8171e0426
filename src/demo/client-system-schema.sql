-- The schema of the demonstration's Client System. It has its own names, as that of a real utility would.
create type device_kind as enum (
  'electricity',
  'photovoltaics',
  'water',
  'heat',
  'gas',
  'chilled water',
  'compressed air'
);

create table site (
  id integer primary key,
  name text not null,
  street text not null,
  city text not null
);

-- A removed device keeps its row with the time in `removed_at`, and it can be installed again.
create table device (
  id bigint generated always as identity (start with 100001) primary key,
  site_id integer not null references site,
  serial_no text not null unique,
  label text not null,
  kind device_kind not null,
  unit text not null,
  ip inet not null,
  port integer not null,
  manufacturer text not null,
  model text not null,
  firmware text not null,
  multiplier numeric not null,
  commissioned_at date not null,
  in_service boolean not null,
  removed_at timestamptz
);

grant usage on schema public to meter_reader;
grant select on site, device to meter_reader;
