-- Partitions the readings by month. The schema of the query builder has no words for that, so its snapshot stays as it was.
-- The table of before becomes a partition as it is: nothing is copied, and no index is built. Only readings from the next
-- month on are moved out of it. What was granted on it, and views on it, are carried over to the new table.
DO $$
DECLARE
  -- The beginning of the next month in UTC, whatever the time zone of the session.
  following timestamptz := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
  search_path text := current_setting('search_path');
  views jsonb;
  granted text[];
  statement text;
  found record;
BEGIN
  LOCK TABLE sync.meter_reading IN ACCESS EXCLUSIVE MODE;

  -- Without a search path, the definitions name the schema of everything.
  PERFORM set_config('search_path', 'pg_catalog', true);
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'name', v.oid::regclass,
    'kind', v.relkind,
    'options', coalesce('WITH (' || array_to_string(v.reloptions, ', ') || ')', ''),
    'query', pg_get_viewdef(v.oid)
  )), '[]')
  INTO views
  FROM pg_class v
  WHERE v.oid IN (
    SELECT r.ev_class
    FROM pg_depend d
    JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = 'sync.meter_reading'::regclass
  );
  PERFORM set_config('search_path', search_path, true);

  SELECT coalesce(array_agg(format(
    '%s%s ON sync.meter_reading %%s %s',
    a.privilege_type,
    ' (' || quote_ident(o.name) || ')',
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
  ) || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), '{}')
  INTO granted
  FROM (
    SELECT relowner, relacl, NULL FROM pg_class WHERE oid = 'sync.meter_reading'::regclass
    UNION ALL
    SELECT c.relowner, t.attacl, t.attname
    FROM pg_class c
    JOIN pg_attribute t ON t.attrelid = c.oid
    WHERE c.oid = 'sync.meter_reading'::regclass
  ) o (owner, acl, name)
  CROSS JOIN LATERAL aclexplode(o.acl) a
  WHERE a.grantee <> o.owner;
  -- Nobody but the owner writes into a partition: the trigger that notes readings belongs to the whole table.
  FOREACH statement IN ARRAY granted LOOP
    EXECUTE 'REVOKE ' || replace(format(statement, 'FROM'), ' WITH GRANT OPTION', '') || ' CASCADE';
  END LOOP;

  DROP TRIGGER note_readings ON sync.meter_reading;
  ALTER TABLE sync.meter_reading RENAME TO meter_reading_before;
  ALTER TABLE sync.meter_reading_before
    RENAME CONSTRAINT meter_reading_meter_id_quantity_read_at_pk TO meter_reading_before_pk;
  ALTER INDEX sync.meter_reading_newest RENAME TO meter_reading_before_newest;

  CREATE TABLE sync.meter_reading (
    LIKE sync.meter_reading_before,
    CONSTRAINT meter_reading_meter_id_quantity_read_at_pk PRIMARY KEY (meter_id, quantity, read_at),
    CONSTRAINT meter_reading_meter_id_meter_id_fk FOREIGN KEY (meter_id) REFERENCES sync.meter (id)
  ) PARTITION BY RANGE (read_at);
  CREATE INDEX meter_reading_newest ON sync.meter_reading (meter_id, read_at, quantity);
  -- For every time that has no partition of its month, so that no reading fails for want of one.
  CREATE TABLE sync.meter_reading_default PARTITION OF sync.meter_reading DEFAULT;
  CREATE INDEX meter_reading_default_time ON sync.meter_reading_default (read_at);

  FOREACH statement IN ARRAY granted LOOP
    EXECUTE 'GRANT ' || format(statement, 'TO');
  END LOOP;
  FOR found IN SELECT * FROM jsonb_to_recordset(views) AS v (name text, kind text, options text, query text) LOOP
    BEGIN
      IF found.kind <> 'v' THEN
        RAISE insufficient_privilege;
      END IF;
      EXECUTE format('CREATE OR REPLACE VIEW %s %s AS %s', found.name, found.options, found.query);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE EXCEPTION 'The view % on sync.meter_reading cannot be kept. Drop it, migrate, and create it again', found.name
        USING ERRCODE = 'dependent_objects_still_exist';
    END;
  END LOOP;

  IF EXISTS (SELECT FROM sync.meter_reading_before) THEN
    WITH moved AS (
      DELETE FROM sync.meter_reading_before WHERE read_at >= following RETURNING *
    )
    INSERT INTO sync.meter_reading_default SELECT * FROM moved;
    EXECUTE format(
      'ALTER TABLE sync.meter_reading ATTACH PARTITION sync.meter_reading_before FOR VALUES FROM (MINVALUE) TO (%L)',
      following
    );
  ELSE
    DROP TABLE sync.meter_reading_before;
  END IF;
END
$$;--> statement-breakpoint
CREATE TRIGGER "note_readings" AFTER INSERT ON "sync"."meter_reading" REFERENCING NEW TABLE AS inserted
FOR EACH STATEMENT EXECUTE FUNCTION "sync"."note_readings"();--> statement-breakpoint
-- The partitions of the readings and their times, from inclusive, until exclusive; without that for all other times.
CREATE FUNCTION "sync"."reading_partitions"() RETURNS TABLE (name text, since timestamptz, until timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT
    c.relname::text,
    CASE bounds[1] WHEN 'MINVALUE' THEN '-infinity' ELSE btrim(bounds[1], '''') END::timestamptz,
    CASE bounds[2] WHEN 'MAXVALUE' THEN 'infinity' ELSE btrim(bounds[2], '''') END::timestamptz
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \((.*)\) TO \((.*)\)$') bounds
  WHERE i.inhparent = 'sync.meter_reading'::regclass AND bounds IS NOT NULL
$$;--> statement-breakpoint
-- The next month whose partition is missing; NULL when none is. Wanted are this month and the next three, and every month of
-- the last ten years and the next one whose readings are in the default partition.
CREATE FUNCTION "sync"."missing_reading_partition"() RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  WITH present AS MATERIALIZED (
    SELECT since, until FROM sync.reading_partitions()
  )
  SELECT min(wanted.since)
  FROM (
    SELECT date_trunc('month', now()) + n * interval '1 month' FROM generate_series(0, 3) n
    UNION ALL
    SELECT date_trunc('month', min(read_at))
    FROM sync.meter_reading_default
    WHERE read_at >= date_trunc('month', now()) - interval '10 years' AND read_at < date_trunc('month', now()) + interval '1 year'
  ) wanted (since)
  WHERE NOT EXISTS (SELECT FROM present p WHERE p.since <= wanted.since AND p.until > wanted.since)
$$;--> statement-breakpoint
-- Creates the next missing partition, moves its readings there, and returns its month; NULL when none is missing. Nobody
-- stores readings meanwhile: a statement that had chosen the default partition before would fail. The locks are taken in the
-- order in which a run takes them.
CREATE FUNCTION "sync"."create_reading_partition"() RETURNS date LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET lock_timeout = '2500ms' AS $$
DECLARE
  month timestamptz;
  partition text;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('meter-sync-agent reading partitions', 0)) THEN
    RETURN NULL;
  END IF;
  month := sync.missing_reading_partition();
  IF month IS NULL THEN
    RETURN NULL;
  END IF;

  partition := 'meter_reading_' || to_char(month, 'YYYY_MM');
  -- The foreign key of the partition needs the first one.
  LOCK TABLE sync.meter IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE ONLY sync.meter_reading IN SHARE ROW EXCLUSIVE MODE;
  EXECUTE format('CREATE TABLE sync.%I (LIKE sync.meter_reading INCLUDING ALL)', partition);
  EXECUTE format(
    'WITH moved AS (
       DELETE FROM sync.meter_reading_default WHERE read_at >= $1 AND read_at < $2 RETURNING *
     )
     INSERT INTO sync.%I SELECT * FROM moved ORDER BY meter_id, quantity, read_at',
    partition
  ) USING month, month + interval '1 month';
  EXECUTE format(
    'ALTER TABLE sync.meter_reading ATTACH PARTITION sync.%I FOR VALUES FROM (%L) TO (%L)',
    partition, month, month + interval '1 month'
  );
  RETURN month;
END
$$;--> statement-breakpoint
-- Removes readings of the months that ended more than so many days ago. Each call does one piece: it drops one partition and
-- returns its name, or deletes up to 100,000 readings of a partition that has later ones too and returns their number. No
-- row when nothing is left. At least 31 days stay, whoever calls it.
CREATE FUNCTION "sync"."drop_old_readings"(days integer) RETURNS TABLE (partition text, deleted bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET lock_timeout = '2500ms' AS $$
DECLARE
  kept timestamptz := date_trunc('month', now() - days * interval '1 day');
BEGIN
  IF days IS NULL OR days < 31 THEN
    RAISE EXCEPTION 'Readings are kept for 31 days at least' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT p.name INTO partition FROM sync.reading_partitions() p WHERE p.until <= kept ORDER BY p.until LIMIT 1;
  IF FOUND THEN
    EXECUTE format('DROP TABLE sync.%I', partition);
    RETURN NEXT;
    RETURN;
  END IF;
  FOR partition IN
    SELECT p.name FROM sync.reading_partitions() p WHERE p.since < kept
    UNION ALL
    SELECT 'meter_reading_default'
  LOOP
    EXECUTE format(
      'DELETE FROM sync.%I WHERE ctid = ANY (ARRAY(SELECT ctid FROM sync.%1$I WHERE read_at < $1 LIMIT 100000))', partition
    ) USING kept;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    IF deleted > 0 THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END LOOP;
END
$$;--> statement-breakpoint
REVOKE ALL ON FUNCTION "sync"."create_reading_partition"(), "sync"."drop_old_readings"(integer) FROM PUBLIC;--> statement-breakpoint
DO $$
BEGIN
  WHILE sync.create_reading_partition() IS NOT NULL LOOP END LOOP;
END
$$;
