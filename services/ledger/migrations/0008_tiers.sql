CREATE TABLE "ledger"."qualification" (
	"customer_id" text NOT NULL,
	"measure" text NOT NULL,
	"day" date NOT NULL,
	"amount" bigint NOT NULL,
	CONSTRAINT "qualification_customer_id_measure_day_pk" PRIMARY KEY("customer_id","measure","day")
);
--> statement-breakpoint
CREATE TABLE "ledger"."tier_recount" (
	"programme_version" integer PRIMARY KEY NOT NULL,
	"fingerprint" uuid NOT NULL,
	"after_customer" text DEFAULT '' NOT NULL,
	"begun_at" timestamp with time zone NOT NULL,
	"done_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "ledger"."tier_state" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"tier" text,
	"since" timestamp with time zone NOT NULL,
	"valid_until" timestamp with time zone,
	"grace_until" timestamp with time zone,
	"next_look_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "tier_state_due" ON "ledger"."tier_state" USING btree ("next_look_at") WHERE "ledger"."tier_state"."next_look_at" is not null;