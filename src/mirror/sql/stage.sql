-- What the source answered, one row a meter, all of it text: what cannot be used is rejected by name later on.
-- `cut_id` stands instead of an external id over 1,000 bytes, `row_bytes` is set for a row over 8 MB, and `nested` for one
-- with json of more than 500 levels; of such rows no value comes. The hashes are the
-- source's own, null where it cannot compute them.
create temporary table staging (
  external_id text collate "C",
  name text,
  serial_number text,
  kind text,
  unit text,
  location text,
  ip_address text,
  port text,
  active text,
  attributes text,
  cut_id text,
  row_bytes text,
  nested boolean,
  id_hash bigint,
  row_hash bigint
) on commit drop;

-- The external ids that come more than once.
create temporary table doubled (external_id text collate "C") on commit drop;

-- What differs, and only that. `staged` points at the row of staging; `content` is the hash of the present meter as it was
-- compared; of a meter to update or to restore `before` and `after` are the columns that differ.
create temporary table change (
  operation text not null,
  reason text,
  meter_id bigint,
  staged tid,
  content bigint,
  external_id text collate "C",
  before jsonb,
  after jsonb
) on commit drop;
