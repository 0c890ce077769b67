CREATE SCHEMA "campaigns";
--> statement-breakpoint
CREATE TABLE "campaigns"."audience" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"lifecycle" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "campaigns"."audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"campaign_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"before" jsonb,
	"after" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "campaigns"."broadcast" (
	"campaign_id" text PRIMARY KEY NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"status" text NOT NULL,
	"cursor" text NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "broadcast_status" CHECK (status in ('waiting', 'running', 'done', 'expired', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "campaigns"."campaign" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"status" text NOT NULL,
	"purpose" text NOT NULL,
	"messages" jsonb NOT NULL,
	"trigger" jsonb NOT NULL,
	"frequency" text NOT NULL,
	"time_to_live" text NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "campaign_status" CHECK (status in ('draft', 'active', 'paused', 'stopped')),
	CONSTRAINT "campaign_frequency" CHECK (frequency in ('once_per_customer', 'every_time')),
	CONSTRAINT "campaign_version" CHECK (version >= 1)
);
--> statement-breakpoint
CREATE TABLE "campaigns"."campaign_count" (
	"campaign_id" text NOT NULL,
	"outcome" text NOT NULL,
	"reason" text NOT NULL,
	"shard" integer NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "campaign_count_campaign_id_outcome_reason_shard_pk" PRIMARY KEY("campaign_id","outcome","reason","shard")
);
--> statement-breakpoint
CREATE TABLE "campaigns"."campaign_revision" (
	"id" integer PRIMARY KEY NOT NULL,
	"value" bigint NOT NULL,
	CONSTRAINT "campaign_revision_one_row" CHECK (id = 1)
);
--> statement-breakpoint
CREATE TABLE "campaigns"."consumer_fence" (
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"next_offset" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consumer_fence_grp_topic_partition_pk" PRIMARY KEY("grp","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "campaigns"."dead_letter" (
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
CREATE TABLE "campaigns"."entry" (
	"campaign_id" text NOT NULL,
	"customer_id" text NOT NULL,
	"trigger_key" text NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"once" boolean NOT NULL,
	"campaign_version" integer NOT NULL,
	"triggered_at" timestamp with time zone NOT NULL,
	"decided_at" timestamp with time zone NOT NULL,
	CONSTRAINT "entry_campaign_id_customer_id_trigger_key_pk" PRIMARY KEY("campaign_id","customer_id","trigger_key"),
	CONSTRAINT "entry_status" CHECK (status in ('requested', 'expired', 'skipped')),
	CONSTRAINT "entry_reason" CHECK ((status = 'requested') = (reason is null))
);
--> statement-breakpoint
CREATE TABLE "campaigns"."former_customer" (
	"customer_key" text PRIMARY KEY NOT NULL,
	"into_customer_id" text,
	"since" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "campaigns"."idempotency_key" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "campaigns"."message_outcome" (
	"message_id" text NOT NULL,
	"status" text NOT NULL,
	"campaign_id" text NOT NULL,
	"customer_id" text NOT NULL,
	"trigger_key" text,
	"request_id" text NOT NULL,
	"channel" text NOT NULL,
	"template_id" text NOT NULL,
	"reason" text,
	"happened_at" timestamp with time zone NOT NULL,
	CONSTRAINT "message_outcome_message_id_status_pk" PRIMARY KEY("message_id","status")
);
--> statement-breakpoint
CREATE TABLE "campaigns"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "campaigns"."trigger_tally" (
	"campaign_id" text NOT NULL,
	"customer_id" text NOT NULL,
	"outcome" text NOT NULL,
	"reason" text NOT NULL,
	"count" bigint NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"last_key" text NOT NULL,
	CONSTRAINT "trigger_tally_campaign_id_customer_id_outcome_reason_pk" PRIMARY KEY("campaign_id","customer_id","outcome","reason")
);
--> statement-breakpoint
CREATE INDEX "audience_scan" ON "campaigns"."audience" USING btree ("customer_id","lifecycle");--> statement-breakpoint
CREATE INDEX "audit_campaign" ON "campaigns"."audit" USING btree ("campaign_id","id");--> statement-breakpoint
CREATE INDEX "broadcast_due" ON "campaigns"."broadcast" USING btree ("due_at") WHERE status in ('waiting', 'running');--> statement-breakpoint
CREATE INDEX "dead_letter_waiting_key" ON "campaigns"."dead_letter" USING btree ("grp","topic","key","id") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_due" ON "campaigns"."dead_letter" USING btree ("next_attempt_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_status" ON "campaigns"."dead_letter" USING btree ("status","id");--> statement-breakpoint
CREATE UNIQUE INDEX "entry_once" ON "campaigns"."entry" USING btree ("campaign_id","customer_id") WHERE once and status = 'requested';--> statement-breakpoint
CREATE INDEX "entry_customer" ON "campaigns"."entry" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "former_customer_into" ON "campaigns"."former_customer" USING btree ("into_customer_id") WHERE into_customer_id is not null;--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "campaigns"."idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "message_outcome_customer" ON "campaigns"."message_outcome" USING btree ("customer_id","campaign_id");--> statement-breakpoint
CREATE INDEX "trigger_tally_customer" ON "campaigns"."trigger_tally" USING btree ("customer_id");