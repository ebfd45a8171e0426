CREATE TABLE "sync"."waiting_reading" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sync"."waiting_reading_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"client_system_id" text NOT NULL,
	"external_id" text collate "C" NOT NULL,
	"quantity" text NOT NULL,
	"read_at" timestamp with time zone NOT NULL,
	"value" numeric NOT NULL,
	"unit" text,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "waiting_reading_key" ON "sync"."waiting_reading" USING btree ("client_system_id","external_id",md5("quantity"),"read_at");