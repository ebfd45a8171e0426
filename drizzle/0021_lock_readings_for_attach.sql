-- As before, but readers wait for the new partition too. A statement that was planned while readings were moved into it knew the
-- partitions of before, and then found the moved readings nowhere.
CREATE OR REPLACE FUNCTION "sync"."create_reading_partition"() RETURNS date LANGUAGE plpgsql SECURITY DEFINER
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
  WHILE to_regclass(format('sync.%I', partition)) IS NOT NULL LOOP
    partition := partition || '_again';
  END LOOP;
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
  -- The attachment locks the default partition alone, for which a reader waits when it has already listed the partitions.
  LOCK TABLE ONLY sync.meter_reading IN ACCESS EXCLUSIVE MODE;
  EXECUTE format(
    'ALTER TABLE sync.meter_reading ATTACH PARTITION sync.%I FOR VALUES FROM (%L) TO (%L)',
    partition, month, month + interval '1 month'
  );
  RETURN month;
END
$$;
