CREATE SCHEMA "ledger";
--> statement-breakpoint
CREATE TABLE "ledger"."allocation" (
	"owner_id" uuid NOT NULL,
	"lot_id" uuid NOT NULL,
	"points" bigint NOT NULL,
	"returned" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "allocation_owner_id_lot_id_pk" PRIMARY KEY("owner_id","lot_id"),
	CONSTRAINT "allocation_points" CHECK ("ledger"."allocation"."points" > 0),
	CONSTRAINT "allocation_returned" CHECK ("ledger"."allocation"."returned" between 0 and "ledger"."allocation"."points")
);
--> statement-breakpoint
CREATE TABLE "ledger"."balance" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"active" bigint DEFAULT 0 NOT NULL,
	"reserved" bigint DEFAULT 0 NOT NULL,
	"deficit" bigint DEFAULT 0 NOT NULL,
	"earned" bigint DEFAULT 0 NOT NULL,
	"clawed_back" bigint DEFAULT 0 NOT NULL,
	"spent" bigint DEFAULT 0 NOT NULL,
	"expired" bigint DEFAULT 0 NOT NULL,
	"adjusted" bigint DEFAULT 0 NOT NULL,
	"moved" bigint DEFAULT 0 NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"next_expiry_at" timestamp with time zone,
	"next_unnoticed_at" timestamp with time zone,
	"merged_into" text,
	CONSTRAINT "balance_active" CHECK ("ledger"."balance"."active" >= 0),
	CONSTRAINT "balance_reserved" CHECK ("ledger"."balance"."reserved" >= 0),
	CONSTRAINT "balance_deficit" CHECK ("ledger"."balance"."deficit" >= 0 and ("ledger"."balance"."deficit" = 0 or "ledger"."balance"."active" = 0)),
	CONSTRAINT "balance_adds_up" CHECK ("ledger"."balance"."active" + "ledger"."balance"."reserved" - "ledger"."balance"."deficit" = "ledger"."balance"."earned" - "ledger"."balance"."clawed_back" - "ledger"."balance"."spent" - "ledger"."balance"."expired" + "ledger"."balance"."adjusted" + "ledger"."balance"."moved")
);
--> statement-breakpoint
CREATE TABLE "ledger"."consumer_fence" (
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"next_offset" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consumer_fence_grp_topic_partition_pk" PRIMARY KEY("grp","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "ledger"."dead_letter" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"record_offset" bigint NOT NULL,
	"key" text,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"event_id" text,
	"event_type" text,
	"status" text NOT NULL,
	"error_code" text NOT NULL,
	"error_message" text NOT NULL,
	"attempts" integer NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_attempt_at" timestamp with time zone NOT NULL,
	"next_attempt_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "ledger"."idempotency_key" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger"."lot" (
	"id" uuid PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"granted" bigint NOT NULL,
	"remaining" bigint NOT NULL,
	"absorbed" bigint DEFAULT 0 NOT NULL,
	"expired" bigint DEFAULT 0 NOT NULL,
	"waived" bigint DEFAULT 0 NOT NULL,
	"expires_at" timestamp with time zone,
	"noticed" boolean DEFAULT false NOT NULL,
	CONSTRAINT "lot_remaining" CHECK ("ledger"."lot"."remaining" >= 0),
	CONSTRAINT "lot_parts" CHECK ("ledger"."lot"."remaining" + "ledger"."lot"."absorbed" + "ledger"."lot"."expired" <= "ledger"."lot"."granted"),
	CONSTRAINT "lot_waived" CHECK ("ledger"."lot"."waived" between 0 and "ledger"."lot"."expired")
);
--> statement-breakpoint
CREATE TABLE "ledger"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger"."programme_version" (
	"version" integer PRIMARY KEY NOT NULL,
	"definition" jsonb NOT NULL,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger"."purchase" (
	"order_id" text PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"content_hash" uuid NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	"currency" text NOT NULL,
	"total_minor" bigint NOT NULL,
	"refunded_minor" bigint DEFAULT 0 NOT NULL,
	"lines" jsonb NOT NULL,
	"points_earned" bigint NOT NULL,
	"points_taken_back" bigint DEFAULT 0 NOT NULL,
	"earn_id" uuid,
	"note" text,
	"programme_version" integer,
	CONSTRAINT "purchase_refunded" CHECK ("ledger"."purchase"."refunded_minor" between 0 and "ledger"."purchase"."total_minor"),
	CONSTRAINT "purchase_taken_back" CHECK ("ledger"."purchase"."points_taken_back" between 0 and "ledger"."purchase"."points_earned")
);
--> statement-breakpoint
CREATE TABLE "ledger"."refund" (
	"refund_id" text PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"content_hash" uuid NOT NULL,
	"order_id" text,
	"scope" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint,
	"lines" jsonb,
	"occurred_at" timestamp with time zone NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	"status" text NOT NULL,
	"note" text,
	"matched_minor" bigint DEFAULT 0 NOT NULL,
	"unmatched_minor" bigint DEFAULT 0 NOT NULL,
	"points_due" bigint DEFAULT 0 NOT NULL,
	"points_taken" bigint DEFAULT 0 NOT NULL,
	"matches" jsonb,
	CONSTRAINT "refund_status" CHECK ("ledger"."refund"."status" in ('applied', 'waiting', 'refused', 'void')),
	CONSTRAINT "refund_points" CHECK ("ledger"."refund"."points_taken" between 0 and "ledger"."refund"."points_due")
);
--> statement-breakpoint
CREATE TABLE "ledger"."reservation" (
	"id" uuid PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"points" bigint NOT NULL,
	"captured" bigint DEFAULT 0 NOT NULL,
	"order_id" text,
	"status" text NOT NULL,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "reservation_status" CHECK ("ledger"."reservation"."status" in ('held', 'captured', 'released', 'timed_out')),
	CONSTRAINT "reservation_points" CHECK ("ledger"."reservation"."points" > 0 and "ledger"."reservation"."captured" between 0 and "ledger"."reservation"."points")
);
--> statement-breakpoint
CREATE TABLE "ledger"."transfer" (
	"id" uuid PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"kind" text NOT NULL,
	"debit" text NOT NULL,
	"credit" text NOT NULL,
	"amount" bigint NOT NULL,
	"balance_after" bigint NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	"order_id" text,
	"refund_id" text,
	"reservation_id" uuid,
	"lot_id" uuid,
	"reverses_id" uuid,
	"pair_id" uuid,
	"rule_id" text,
	"rule_version" integer,
	"actor" text,
	"reason" text,
	CONSTRAINT "transfer_amount" CHECK ("ledger"."transfer"."amount" > 0),
	CONSTRAINT "transfer_kind" CHECK ("ledger"."transfer"."kind" in ('earn', 'clawback', 'redeem', 'expire', 'adjust', 'transfer_out', 'transfer_in', 'forfeit', 'write_off')),
	CONSTRAINT "transfer_legs" CHECK (("ledger"."transfer"."debit" = 'customer') <> ("ledger"."transfer"."credit" = 'customer'))
);
--> statement-breakpoint
CREATE INDEX "balance_expiry_due" ON "ledger"."balance" USING btree ("next_expiry_at") WHERE "ledger"."balance"."next_expiry_at" is not null;--> statement-breakpoint
CREATE INDEX "balance_notice_due" ON "ledger"."balance" USING btree ("next_unnoticed_at") WHERE "ledger"."balance"."next_unnoticed_at" is not null;--> statement-breakpoint
CREATE INDEX "balance_special" ON "ledger"."balance" USING btree ("customer_id") WHERE "ledger"."balance"."deficit" > 0 or "ledger"."balance"."merged_into" is not null;--> statement-breakpoint
CREATE INDEX "balance_merged_into" ON "ledger"."balance" USING btree ("merged_into") WHERE "ledger"."balance"."merged_into" is not null;--> statement-breakpoint
CREATE INDEX "dead_letter_waiting_key" ON "ledger"."dead_letter" USING btree ("grp","topic","key","id") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_due" ON "ledger"."dead_letter" USING btree ("next_attempt_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_status" ON "ledger"."dead_letter" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "ledger"."idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "lot_open" ON "ledger"."lot" USING btree ("customer_id","expires_at","id") WHERE "ledger"."lot"."remaining" > 0;--> statement-breakpoint
CREATE INDEX "purchase_newest" ON "ledger"."purchase" USING btree ("customer_id","occurred_at");--> statement-breakpoint
CREATE INDEX "refund_waiting" ON "ledger"."refund" USING btree ("order_id") WHERE "ledger"."refund"."status" = 'waiting';--> statement-breakpoint
CREATE INDEX "refund_customer" ON "ledger"."refund" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "reservation_due" ON "ledger"."reservation" USING btree ("expires_at") WHERE "ledger"."reservation"."status" = 'held';--> statement-breakpoint
CREATE INDEX "reservation_customer" ON "ledger"."reservation" USING btree ("customer_id");--> statement-breakpoint
CREATE UNIQUE INDEX "transfer_customer_seq" ON "ledger"."transfer" USING btree ("customer_id","seq");