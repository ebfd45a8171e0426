ALTER TABLE "sync"."run" ADD COLUMN "approve_digest" text;--> statement-breakpoint
ALTER TABLE "sync"."run" ADD COLUMN "withheld_digest" text;