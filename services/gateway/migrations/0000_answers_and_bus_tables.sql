CREATE SCHEMA "gateway";
--> statement-breakpoint
CREATE TABLE "gateway"."consumer_fence" (
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"next_offset" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consumer_fence_grp_topic_partition_pk" PRIMARY KEY("grp","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "gateway"."dead_letter" (
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
CREATE TABLE "gateway"."idempotency_key" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "gateway"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "dead_letter_waiting_key" ON "gateway"."dead_letter" USING btree ("grp","topic","key","id") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_due" ON "gateway"."dead_letter" USING btree ("next_attempt_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_status" ON "gateway"."dead_letter" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "gateway"."idempotency_key" USING btree ("created_at");