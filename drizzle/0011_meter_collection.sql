CREATE TABLE "sync"."meter_collection" (
	"meter_id" bigint PRIMARY KEY NOT NULL,
	"last_read_at" timestamp with time zone NOT NULL,
	"late_at" timestamp with time zone NOT NULL,
	"silent_at" timestamp with time zone NOT NULL,
	"interval_seconds" integer NOT NULL,
	"active" boolean NOT NULL,
	"client_system_id" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sync"."client_system" ADD COLUMN "reading_interval_seconds" integer DEFAULT 3600 NOT NULL;--> statement-breakpoint
-- Room for the next reading's time on the same page: no index entry is written then.
ALTER TABLE "sync"."meter_collection" SET (fillfactor = 80);--> statement-breakpoint
-- The expected interval that the query's column reading_interval says: a number of minutes, or an interval as PostgreSQL
-- writes it. NULL where there is none, or none from a second to 366 days.
CREATE FUNCTION "sync"."reading_interval_seconds"(attributes jsonb) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN seconds BETWEEN 1 AND 31622400 THEN seconds::integer END
  FROM (
    SELECT CASE
      WHEN said ~ '^\d{1,6}(\.\d+)?$' THEN said::numeric * 60
      WHEN said <> '' AND said ~* '^(\d{1,6} ?(years?|mons?|months?|weeks?|days?|hours?|minutes?|mins?|seconds?|secs?)\M ?)*(\d{1,4}:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?$'
        THEN extract(epoch FROM said::interval)
    END AS seconds
    FROM (SELECT btrim(attributes ->> 'reading_interval') AS said) attribute
    WHERE attributes ? 'reading_interval'
  ) interval
$$;--> statement-breakpoint
-- Keeps sync.meter_collection. Its settings let every plan, which a session keeps, suit one reading and a hundred thousand.
-- Meters are written in the order of their ids, so that two statements at a time cannot wait for each other.
CREATE FUNCTION "sync"."note_readings"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
  UPDATE sync.meter_collection c
  SET
    last_read_at = r.at,
    late_at = r.at + make_interval(secs => 2 * c.interval_seconds),
    silent_at = r.at + make_interval(secs => 6 * c.interval_seconds)
  FROM (
    SELECT meter_id, least(max(read_at), now()) AS at
    FROM inserted
    GROUP BY meter_id
    ORDER BY meter_id
  ) r
  WHERE c.meter_id = r.meter_id AND c.last_read_at < r.at;

  INSERT INTO sync.meter_collection AS c (meter_id, last_read_at, late_at, silent_at, interval_seconds, active, client_system_id)
  SELECT
    r.meter_id, r.at, r.at + make_interval(secs => 2 * i.seconds), r.at + make_interval(secs => 6 * i.seconds), i.seconds,
    m.active, m.client_system_id
  FROM (
    SELECT meter_id, least(max(read_at), now()) AS at
    FROM inserted
    WHERE NOT EXISTS (SELECT FROM sync.meter_collection known WHERE known.meter_id = inserted.meter_id)
    GROUP BY meter_id
    ORDER BY meter_id
  ) r
  JOIN sync.meter m ON m.id = r.meter_id
  LEFT JOIN sync.client_system s ON s.id = m.client_system_id
  CROSS JOIN LATERAL (
    SELECT coalesce(sync.reading_interval_seconds(m.attributes), s.reading_interval_seconds, 3600) AS seconds
  ) i
  ON CONFLICT (meter_id) DO UPDATE
  SET last_read_at = excluded.last_read_at, late_at = excluded.late_at, silent_at = excluded.silent_at
  WHERE c.last_read_at < excluded.last_read_at;
  RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER "note_readings" AFTER INSERT ON "sync"."meter_reading" REFERENCING NEW TABLE AS inserted
FOR EACH STATEMENT EXECUTE FUNCTION "sync"."note_readings"();--> statement-breakpoint
-- What was stored before; nobody stores more until this is committed.
INSERT INTO "sync"."meter_collection" (meter_id, last_read_at, late_at, silent_at, interval_seconds, active, client_system_id)
SELECT
  m.id, r.at, r.at + make_interval(secs => 2 * i.seconds), r.at + make_interval(secs => 6 * i.seconds), i.seconds,
  m.active, m.client_system_id
FROM "sync"."meter" m
CROSS JOIN LATERAL (
  SELECT least(read_at, now()) AS at FROM "sync"."meter_reading" WHERE meter_id = m.id ORDER BY read_at DESC LIMIT 1
) r
CROSS JOIN LATERAL (SELECT coalesce("sync"."reading_interval_seconds"(m.attributes), 3600) AS seconds) i;
