-- The answer of the source, one row a meter. Values are text, because the comparison rejects invalid ones with a reason.
-- `cut_id` replaces an external id over 1,000 bytes, `row_bytes` is set for a row over 8 MB, and `nested` for one with json
-- of more than 500 levels; such rows have no values. The hashes are computed by the source; null where it cannot.
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

-- The external ids that staging has more than once.
create temporary table duplicate (external_id text collate "C") on commit drop;

-- The differences. `staged` is the row of staging; `content`, `row_hash` and `active` are those of the present meter at the
-- comparison. `before` and `after` have the columns that differ of a meter to update or restore.
create temporary table change (
  operation text not null,
  reason text,
  meter_id bigint,
  staged tid,
  content bigint,
  row_hash bigint,
  active boolean,
  external_id text collate "C",
  before jsonb,
  after jsonb
) on commit drop;
