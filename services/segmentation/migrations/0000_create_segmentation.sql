CREATE SCHEMA "segmentation";
--> statement-breakpoint
CREATE TYPE "segmentation"."lifecycle_state" AS ENUM('prospect', 'new', 'active', 'loyal', 'at_risk', 'dormant', 'churned', 'won_back');--> statement-breakpoint
CREATE TABLE "segmentation"."consumer_fence" (
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"next_offset" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consumer_fence_grp_topic_partition_pk" PRIMARY KEY("grp","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "segmentation"."customer_metric" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"merged_into" text,
	"orders" integer DEFAULT 0 NOT NULL,
	"items" bigint DEFAULT 0 NOT NULL,
	"first_order_at" timestamp with time zone,
	"previous_order_at" timestamp with time zone,
	"last_order_at" timestamp with time zone,
	"loose_refund_at" timestamp with time zone,
	"interactions" bigint DEFAULT 0 NOT NULL,
	"last_interaction_at" timestamp with time zone,
	"state" "segmentation"."lifecycle_state",
	"state_since" timestamp with time zone NOT NULL,
	"state_reason" text NOT NULL,
	"as_of" timestamp with time zone,
	"settings_version" integer NOT NULL,
	"due_at" timestamp with time zone,
	CONSTRAINT "customer_metric_merged" CHECK ((state is null) = (merged_into is not null)),
	CONSTRAINT "customer_metric_orders" CHECK (orders >= 0 and items >= 0 and interactions >= 0),
	CONSTRAINT "customer_metric_last_order" CHECK ((orders = 0) = (last_order_at is null)),
	CONSTRAINT "customer_metric_previous_order" CHECK ((orders < 2) = (previous_order_at is null))
);
--> statement-breakpoint
CREATE TABLE "segmentation"."customer_spend" (
	"customer_id" text NOT NULL,
	"currency" text NOT NULL,
	"gross_minor" bigint NOT NULL,
	"refunded_minor" bigint NOT NULL,
	CONSTRAINT "customer_spend_customer_id_currency_pk" PRIMARY KEY("customer_id","currency"),
	CONSTRAINT "customer_spend_amounts" CHECK (gross_minor >= 0 and refunded_minor >= 0)
);
--> statement-breakpoint
CREATE TABLE "segmentation"."dead_letter" (
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
CREATE TABLE "segmentation"."erased_customer" (
	"customer_key" uuid PRIMARY KEY NOT NULL,
	"erased_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "segmentation"."idempotency_key" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "segmentation"."interaction_seen" (
	"event_key" uuid PRIMARY KEY NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "segmentation"."lifecycle_due" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"due_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "segmentation"."lifecycle_settings" (
	"version" integer PRIMARY KEY NOT NULL,
	"at_risk_after_days" integer NOT NULL,
	"dormant_after_days" integer NOT NULL,
	"churned_after_days" integer NOT NULL,
	"loyal_orders" integer NOT NULL,
	"changed_by" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"reviewed_to" text NOT NULL,
	"reviewed_at" timestamp with time zone,
	CONSTRAINT "lifecycle_settings_version" CHECK (version >= 1),
	CONSTRAINT "lifecycle_settings_rise" CHECK (0 < at_risk_after_days and at_risk_after_days < dormant_after_days and dormant_after_days < churned_after_days),
	CONSTRAINT "lifecycle_settings_loyal" CHECK (loyal_orders >= 2)
);
--> statement-breakpoint
CREATE TABLE "segmentation"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "segmentation"."purchase" (
	"order_id" text PRIMARY KEY NOT NULL,
	"customer_id" text,
	"content_hash" uuid NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"currency" text NOT NULL,
	"total_minor" bigint NOT NULL,
	"refunded_minor" bigint NOT NULL,
	"is_void" boolean NOT NULL,
	"quantities" jsonb NOT NULL,
	CONSTRAINT "purchase_amounts" CHECK (refunded_minor between 0 and total_minor)
);
--> statement-breakpoint
CREATE TABLE "segmentation"."refund" (
	"refund_id" text PRIMARY KEY NOT NULL,
	"customer_id" text,
	"content_hash" uuid NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"order_id" text,
	"scope" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"lines" jsonb NOT NULL,
	"status" text NOT NULL,
	CONSTRAINT "refund_scope" CHECK (scope in ('whole', 'amount', 'lines')),
	CONSTRAINT "refund_status" CHECK (status in ('applied', 'waiting', 'mismatched')),
	CONSTRAINT "refund_waits_for_order" CHECK (status = 'applied' or order_id is not null)
);
--> statement-breakpoint
CREATE INDEX "customer_metric_state" ON "segmentation"."customer_metric" USING btree ("state","customer_id") WHERE state is not null;--> statement-breakpoint
CREATE INDEX "customer_metric_merged_into" ON "segmentation"."customer_metric" USING btree ("merged_into") WHERE merged_into is not null;--> statement-breakpoint
CREATE INDEX "dead_letter_waiting_key" ON "segmentation"."dead_letter" USING btree ("grp","topic","key","id") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_due" ON "segmentation"."dead_letter" USING btree ("next_attempt_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_status" ON "segmentation"."dead_letter" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "segmentation"."idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "interaction_seen_at" ON "segmentation"."interaction_seen" USING btree ("seen_at");--> statement-breakpoint
CREATE INDEX "lifecycle_due_at" ON "segmentation"."lifecycle_due" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "purchase_customer" ON "segmentation"."purchase" USING btree ("customer_id","occurred_at") WHERE customer_id is not null;--> statement-breakpoint
CREATE INDEX "refund_customer" ON "segmentation"."refund" USING btree ("customer_id","occurred_at") WHERE customer_id is not null;--> statement-breakpoint
CREATE INDEX "refund_waiting" ON "segmentation"."refund" USING btree ("order_id") WHERE status = 'waiting' and customer_id is not null;