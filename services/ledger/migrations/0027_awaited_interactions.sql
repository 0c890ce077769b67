CREATE TABLE "ledger"."awaited_interaction" (
	"customer_id" text NOT NULL,
	"interaction_type" text NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"order_id" text NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	CONSTRAINT "awaited_interaction_pk" PRIMARY KEY("customer_id","interaction_type","occurred_at","order_id")
);
--> statement-breakpoint
CREATE INDEX "awaited_interaction_recorded" ON "ledger"."awaited_interaction" USING btree ("recorded_at");