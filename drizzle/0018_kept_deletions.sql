CREATE TABLE "sync"."kept_deletions" (
	"client_system_id" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"note" text NOT NULL,
	"kept_by" text,
	"kept_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sync"."alert" ADD COLUMN "withheld_digest" text;