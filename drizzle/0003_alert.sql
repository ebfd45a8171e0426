CREATE TABLE "sync"."alert" (
	"client_system_id" text PRIMARY KEY NOT NULL,
	"failing" boolean DEFAULT false NOT NULL,
	"stale" boolean DEFAULT false NOT NULL,
	"withheld" bigint DEFAULT 0 NOT NULL,
	"revision" bigint DEFAULT -1 NOT NULL
);
