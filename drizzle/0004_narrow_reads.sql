ALTER TABLE "sync"."client_system" ADD COLUMN "source_fingerprint" text;--> statement-breakpoint
ALTER TABLE "sync"."client_system" ADD COLUMN "content_digest" bigint;--> statement-breakpoint
ALTER TABLE "sync"."meter" ADD COLUMN "id_hash" bigint;--> statement-breakpoint
ALTER TABLE "sync"."meter" ADD COLUMN "row_hash" bigint;--> statement-breakpoint
ALTER TABLE "sync"."meter" ADD COLUMN "content_hash" bigint GENERATED ALWAYS AS (hash_record_extended(row(external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes::text), 0)) STORED;--> statement-breakpoint
ALTER TABLE "sync"."run" ADD COLUMN "read_reason" text;--> statement-breakpoint
ALTER TABLE "sync"."run" ADD COLUMN "proof_rows" bigint;--> statement-breakpoint
ALTER TABLE "sync"."run" ADD COLUMN "proof_digest" text;--> statement-breakpoint
-- Room for a changed meter on its own page: its index entries then stay as they are.
ALTER TABLE "sync"."meter" SET (fillfactor = 90);
