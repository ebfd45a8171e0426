-- Numbers by their value. A server without ICU sorts by bytes.
DO $$ BEGIN
	CREATE COLLATION "sync"."natural_order" (provider = icu, locale = 'und-u-kn-true');
EXCEPTION WHEN feature_not_supported OR undefined_object OR invalid_parameter_value THEN
	CREATE COLLATION "sync"."natural_order" FROM "C";
END $$;--> statement-breakpoint
CREATE TABLE "sync"."meter_listing" (
	"meter_id" bigint PRIMARY KEY NOT NULL,
	"client_system_id" text NOT NULL,
	"external_id" text collate "sync"."natural_order" NOT NULL,
	"name" text collate "sync"."natural_order" NOT NULL,
	"location" text collate "sync"."natural_order" NOT NULL,
	"kind" text collate "C" NOT NULL,
	"active" boolean NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"words" text collate "C" NOT NULL,
	"id_text" text collate "C" NOT NULL,
	"serial_text" text collate "C" NOT NULL,
	"whole_hash" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sync"."client_system" ADD COLUMN "changed_run_id" uuid;--> statement-breakpoint
ALTER TABLE "sync"."client_system" ADD COLUMN "listed_run_id" uuid;--> statement-breakpoint
-- Nothing is listed yet: the next run does it.
UPDATE "sync"."client_system" SET "changed_run_id" = gen_random_uuid() WHERE "meters_total" > 0;--> statement-breakpoint
CREATE INDEX "meter_listing_external_id" ON "sync"."meter_listing" USING btree ("client_system_id","external_id");--> statement-breakpoint
CREATE INDEX "meter_listing_name" ON "sync"."meter_listing" USING btree ("client_system_id","name","external_id");--> statement-breakpoint
CREATE INDEX "meter_listing_location" ON "sync"."meter_listing" USING btree ("client_system_id","location","external_id");--> statement-breakpoint
CREATE INDEX "meter_listing_updated" ON "sync"."meter_listing" USING btree ("client_system_id","updated_at","external_id");--> statement-breakpoint
CREATE INDEX "meter_listing_kind" ON "sync"."meter_listing" USING btree ("client_system_id","kind");--> statement-breakpoint
CREATE INDEX "meter_listing_inactive" ON "sync"."meter_listing" USING btree ("client_system_id","external_id") WHERE not active;--> statement-breakpoint
CREATE INDEX "meter_listing_id_text" ON "sync"."meter_listing" USING btree ("client_system_id","id_text");--> statement-breakpoint
CREATE INDEX "meter_listing_serial_text" ON "sync"."meter_listing" USING btree ("client_system_id","serial_text");