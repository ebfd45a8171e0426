-- Views of others may hold the old column: it stays for them then, and is computed no longer.
DO $$
BEGIN
  ALTER TABLE "sync"."meter" DROP COLUMN "content_hash";
EXCEPTION WHEN dependent_objects_still_exist THEN
  ALTER TABLE "sync"."meter" ALTER COLUMN "content_hash" DROP EXPRESSION;
END
$$;--> statement-breakpoint
ALTER TABLE "sync"."meter" ADD COLUMN "whole_hash" bigint GENERATED ALWAYS AS (hash_record_extended(row(external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes::text, id_hash, row_hash), 0)) STORED;--> statement-breakpoint
ALTER TABLE "sync"."run" ADD COLUMN "withheld_because" text;--> statement-breakpoint
CREATE INDEX "run_failed" ON "sync"."run" USING btree ("client_system_id","queued_at","id") WHERE status in ('failed', 'interrupted');
