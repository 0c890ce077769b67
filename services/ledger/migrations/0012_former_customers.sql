CREATE TABLE "ledger"."former_customer" (
	"customer_key" text PRIMARY KEY NOT NULL,
	"into_customer_id" text,
	"since" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "former_customer_into" ON "ledger"."former_customer" USING btree ("into_customer_id") WHERE into_customer_id is not null;