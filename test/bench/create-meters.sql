-- The table of meters as a Client System may have it.
create table meter (
  external_id text primary key,
  name text not null,
  serial_number text,
  kind text,
  unit text,
  location text,
  ip_address inet,
  port integer,
  active boolean,
  model text,
  multiplier numeric,
  commissioned_on date
)
