ALTER TABLE "sync"."meter" drop column "content_hash";--> statement-breakpoint
ALTER TABLE "sync"."meter" ADD COLUMN "content_hash" bigint GENERATED ALWAYS AS (hash_record_extended(row(external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes::text, id_hash, row_hash), 0)) STORED;--> statement-breakpoint
ALTER TABLE "sync"."run" ADD COLUMN "withheld_because" text;--> statement-breakpoint
CREATE INDEX "run_failed" ON "sync"."run" USING btree ("client_system_id","queued_at","id") WHERE status in ('failed', 'interrupted');