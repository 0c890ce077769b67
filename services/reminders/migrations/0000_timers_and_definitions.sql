CREATE SCHEMA "reminders";
--> statement-breakpoint
CREATE TABLE "reminders"."audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"definition_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"before" jsonb,
	"after" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reminders"."consumer_fence" (
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"next_offset" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consumer_fence_grp_topic_partition_pk" PRIMARY KEY("grp","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "reminders"."customer_zone" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"time_zone" text NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reminders"."dead_letter" (
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
CREATE TABLE "reminders"."definition" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"status" text NOT NULL,
	"kind" text NOT NULL,
	"category" text,
	"after_days" integer,
	"time_of_day" text,
	"messages" jsonb NOT NULL,
	"purpose" text NOT NULL,
	"time_to_live" text NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "definition_status" CHECK (status in ('active', 'paused', 'stopped')),
	CONSTRAINT "definition_kind" CHECK (kind in ('replenishment', 'points_expiring')),
	CONSTRAINT "definition_replenishment" CHECK ((kind = 'replenishment') = (category is not null and after_days is not null)),
	CONSTRAINT "definition_version" CHECK (version >= 1)
);
--> statement-breakpoint
CREATE TABLE "reminders"."definition_revision" (
	"id" integer PRIMARY KEY NOT NULL,
	"value" bigint NOT NULL,
	CONSTRAINT "definition_revision_one_row" CHECK (id = 1)
);
--> statement-breakpoint
CREATE TABLE "reminders"."former_customer" (
	"customer_key" text PRIMARY KEY NOT NULL,
	"into_customer_id" text,
	"since" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reminders"."idempotency_key" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reminders"."last_purchase" (
	"customer_id" text NOT NULL,
	"category" text NOT NULL,
	"order_id" text NOT NULL,
	"purchased_at" timestamp with time zone NOT NULL,
	CONSTRAINT "last_purchase_customer_id_category_pk" PRIMARY KEY("customer_id","category")
);
--> statement-breakpoint
CREATE TABLE "reminders"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reminders"."refunded_order" (
	"order_id" text PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reminders"."reminder_count" (
	"definition_id" text NOT NULL,
	"outcome" text NOT NULL,
	"reason" text NOT NULL,
	"shard" integer NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "reminder_count_definition_id_outcome_reason_shard_pk" PRIMARY KEY("definition_id","outcome","reason","shard")
);
--> statement-breakpoint
CREATE TABLE "reminders"."timer" (
	"id" text PRIMARY KEY NOT NULL,
	"definition_id" text NOT NULL,
	"customer_id" text NOT NULL,
	"occurrence" text NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"local_due" text,
	"not_after" timestamp with time zone,
	"status" text NOT NULL,
	"reason" text,
	"params" text NOT NULL,
	"asking" text,
	"cancel_on" text[],
	"created_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	CONSTRAINT "timer_status" CHECK (status in ('scheduled', 'fired', 'cancelled', 'expired')),
	CONSTRAINT "timer_settled" CHECK ((status = 'scheduled') = (settled_at is null)),
	CONSTRAINT "timer_reason" CHECK ((status in ('cancelled', 'expired')) = (reason is not null))
);
--> statement-breakpoint
CREATE INDEX "audit_definition" ON "reminders"."audit" USING btree ("definition_id","id");--> statement-breakpoint
CREATE INDEX "dead_letter_waiting_key" ON "reminders"."dead_letter" USING btree ("grp","topic","key","id") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_due" ON "reminders"."dead_letter" USING btree ("next_attempt_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_status" ON "reminders"."dead_letter" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "former_customer_into" ON "reminders"."former_customer" USING btree ("into_customer_id") WHERE into_customer_id is not null;--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "reminders"."idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "refunded_order_recorded_at" ON "reminders"."refunded_order" USING btree ("recorded_at");--> statement-breakpoint
CREATE INDEX "refunded_order_customer" ON "reminders"."refunded_order" USING btree ("customer_id");--> statement-breakpoint
CREATE UNIQUE INDEX "timer_occurrence" ON "reminders"."timer" USING btree ("definition_id","customer_id","occurrence");--> statement-breakpoint
CREATE INDEX "timer_due" ON "reminders"."timer" USING btree ("definition_id","due_at") WHERE status = 'scheduled';--> statement-breakpoint
CREATE INDEX "timer_customer" ON "reminders"."timer" USING btree ("customer_id","due_at");--> statement-breakpoint
CREATE INDEX "timer_cancellable" ON "reminders"."timer" USING btree ("customer_id") WHERE status = 'scheduled' and cancel_on is not null;