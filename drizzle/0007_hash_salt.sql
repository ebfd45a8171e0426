CREATE TABLE "sync"."installation" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"hash_salt" bigint NOT NULL
);
--> statement-breakpoint
-- 64 bits of gen_random_uuid(), which takes them from the operating system.
INSERT INTO "sync"."installation" ("hash_salt")
VALUES (('x' || left(md5(gen_random_uuid()::text || gen_random_uuid()::text), 16))::bit(64)::bigint);--> statement-breakpoint
ALTER TABLE "sync"."run" ADD COLUMN "rejected_because" jsonb;
