CREATE SCHEMA IF NOT EXISTS "sync";
--> statement-breakpoint
CREATE TABLE "sync"."client_system" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"meters_total" bigint DEFAULT 0 NOT NULL,
	"meters_active" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sync"."meter" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sync"."meter_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"client_system_id" text NOT NULL,
	"external_id" text collate "C" NOT NULL,
	"name" text NOT NULL,
	"serial_number" text,
	"kind" text,
	"unit" text,
	"location" text,
	"ip_address" text,
	"port" integer,
	"attributes" jsonb NOT NULL,
	"active" boolean NOT NULL,
	"removed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"created_run_id" uuid NOT NULL,
	"last_run_id" uuid NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sync"."meter_change" (
	"run_id" uuid NOT NULL,
	"meter_id" bigint NOT NULL,
	"external_id" text collate "C" NOT NULL,
	"operation" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"before" jsonb,
	"after" jsonb,
	CONSTRAINT "meter_change_run_id_external_id_pk" PRIMARY KEY("run_id","external_id")
);
--> statement-breakpoint
CREATE TABLE "sync"."meter_reading" (
	"meter_id" bigint NOT NULL,
	"quantity" text NOT NULL,
	"read_at" timestamp with time zone NOT NULL,
	"value" numeric NOT NULL,
	"unit" text,
	CONSTRAINT "meter_reading_meter_id_quantity_read_at_pk" PRIMARY KEY("meter_id","quantity","read_at")
);
--> statement-breakpoint
CREATE TABLE "sync"."rejected_row" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sync"."rejected_row_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid NOT NULL,
	"external_id" text,
	"reason" text NOT NULL,
	"row" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sync"."revision_counter" (
	"id" integer PRIMARY KEY NOT NULL,
	"value" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sync"."run" (
	"id" uuid PRIMARY KEY NOT NULL,
	"client_system_id" text NOT NULL,
	"trigger" text NOT NULL,
	"requested_by" text,
	"full" boolean DEFAULT false NOT NULL,
	"status" text NOT NULL,
	"phase" text,
	"queued_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"read" bigint,
	"inserted" bigint,
	"updated" bigint,
	"unchanged" bigint,
	"rejected" bigint,
	"restored" bigint,
	"deleted" bigint,
	"withheld" bigint,
	"error_code" text,
	"error_message" text,
	"error_hint" text,
	"read_mode" text,
	"bytes_read" bigint,
	"timings" jsonb,
	"revision" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sync"."meter_change" ADD CONSTRAINT "meter_change_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "sync"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sync"."meter_reading" ADD CONSTRAINT "meter_reading_meter_id_meter_id_fk" FOREIGN KEY ("meter_id") REFERENCES "sync"."meter"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sync"."rejected_row" ADD CONSTRAINT "rejected_row_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "sync"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "meter_external_id" ON "sync"."meter" USING btree ("client_system_id","external_id");--> statement-breakpoint
CREATE INDEX "meter_change_meter" ON "sync"."meter_change" USING btree ("meter_id","at");--> statement-breakpoint
CREATE INDEX "rejected_row_run" ON "sync"."rejected_row" USING btree ("run_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "run_active" ON "sync"."run" USING btree ("client_system_id") WHERE status in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "run_queued_at" ON "sync"."run" USING btree ("client_system_id","queued_at","id");--> statement-breakpoint
CREATE INDEX "run_revision" ON "sync"."run" USING btree ("revision");--> statement-breakpoint
INSERT INTO "sync"."revision_counter" ("id", "value") VALUES (1, 0);
