DROP INDEX "sync"."run_failed";--> statement-breakpoint
CREATE INDEX "run_failed" ON "sync"."run" USING btree ("client_system_id","revision") WHERE status in ('failed', 'interrupted');