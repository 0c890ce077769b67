CREATE SCHEMA "messaging";
--> statement-breakpoint
CREATE TABLE "messaging"."admin_change" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"subject" text NOT NULL,
	"before" jsonb,
	"after" jsonb
);
--> statement-breakpoint
CREATE TABLE "messaging"."channel_state" (
	"channel" text PRIMARY KEY NOT NULL,
	"paused_until" timestamp with time zone,
	"pauses" integer DEFAULT 0 NOT NULL,
	"reason" text,
	"changed_at" timestamp with time zone,
	"next_call_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "messaging"."consent" (
	"customer_id" text NOT NULL,
	"channel" text NOT NULL,
	"purpose" text NOT NULL,
	"granted" boolean NOT NULL,
	"source" text NOT NULL,
	"text_version" text,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "consent_customer_id_channel_purpose_pk" PRIMARY KEY("customer_id","channel","purpose")
);
--> statement-breakpoint
CREATE TABLE "messaging"."consumer_fence" (
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"next_offset" bigint NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consumer_fence_grp_topic_partition_pk" PRIMARY KEY("grp","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "messaging"."contact" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"phone" text,
	"email" text,
	"locale" text,
	"time_zone" text,
	"name" text,
	"updated_at" timestamp with time zone NOT NULL,
	"erased_at" timestamp with time zone,
	"merged_into" text,
	CONSTRAINT "contact_gone_holds_nothing" CHECK ((erased_at is null and merged_into is null) or coalesce(phone, email, locale, time_zone, name) is null)
);
--> statement-breakpoint
CREATE TABLE "messaging"."contact_policy" (
	"id" smallint PRIMARY KEY NOT NULL,
	"policy" jsonb NOT NULL,
	"version" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "contact_policy_one" CHECK (id = 1)
);
--> statement-breakpoint
CREATE TABLE "messaging"."dead_letter" (
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
CREATE TABLE "messaging"."idempotency_key" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "messaging"."message" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "messaging"."message_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"request_id" text NOT NULL,
	"customer_id" text NOT NULL,
	"channel" text NOT NULL,
	"purpose" text NOT NULL,
	"urgent" boolean NOT NULL,
	"template_id" text NOT NULL,
	"params" jsonb NOT NULL,
	"cause" jsonb NOT NULL,
	"traceparent" text,
	"requested_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"due_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"unknown_times" smallint DEFAULT 0 NOT NULL,
	"attempted_at" timestamp with time zone,
	"counted_at" timestamp with time zone,
	"sent_at" timestamp with time zone,
	"address" text,
	"locale" text,
	"template_version" integer,
	"subject" text,
	"text" text,
	"segments" smallint,
	"cost_rial" bigint,
	"provider_message_id" text,
	"provider_status" smallint,
	CONSTRAINT "message_request_id_unique" UNIQUE("request_id"),
	CONSTRAINT "message_channel" CHECK (channel in ('sms', 'email')),
	CONSTRAINT "message_purpose" CHECK (purpose in ('otp', 'transactional', 'service', 'promotional')),
	CONSTRAINT "message_state" CHECK (state in ('queued', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed', 'suppressed')),
	CONSTRAINT "message_reason" CHECK (state not in ('failed', 'suppressed') or reason is not null),
	CONSTRAINT "message_due" CHECK (state not in ('queued', 'sending') or due_at is not null)
);
--> statement-breakpoint
CREATE TABLE "messaging"."message_event" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"message_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"state" text NOT NULL,
	"detail" text
);
--> statement-breakpoint
CREATE TABLE "messaging"."outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"key" text NOT NULL,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "messaging"."secret" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "messaging"."suppressed_address" (
	"channel" text NOT NULL,
	"address_key" text NOT NULL,
	"purpose" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"message_id" bigint,
	CONSTRAINT "suppressed_address_channel_address_key_purpose_pk" PRIMARY KEY("channel","address_key","purpose")
);
--> statement-breakpoint
CREATE TABLE "messaging"."template" (
	"id" text NOT NULL,
	"channel" text NOT NULL,
	"locale" text NOT NULL,
	"purpose" text,
	"subject" text,
	"body" text NOT NULL,
	"html" text,
	"version" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"updated_by" text NOT NULL,
	CONSTRAINT "template_id_channel_locale_pk" PRIMARY KEY("id","channel","locale"),
	CONSTRAINT "template_channel" CHECK (channel in ('sms', 'email')),
	CONSTRAINT "template_purpose" CHECK (purpose in ('otp', 'transactional', 'service', 'promotional')),
	CONSTRAINT "template_parts" CHECK ((channel = 'email') = (subject is not null) and (channel = 'email' or html is null))
);
--> statement-breakpoint
ALTER TABLE "messaging"."message_event" ADD CONSTRAINT "message_event_message_id_message_id_fk" FOREIGN KEY ("message_id") REFERENCES "messaging"."message"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "contact_phone" ON "messaging"."contact" USING btree ("phone") WHERE phone is not null;--> statement-breakpoint
CREATE INDEX "contact_merged_into" ON "messaging"."contact" USING btree ("merged_into") WHERE merged_into is not null;--> statement-breakpoint
CREATE INDEX "dead_letter_waiting_key" ON "messaging"."dead_letter" USING btree ("grp","topic","key","id") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_due" ON "messaging"."dead_letter" USING btree ("next_attempt_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "dead_letter_status" ON "messaging"."dead_letter" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "messaging"."idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "message_queued" ON "messaging"."message" USING btree ("channel","urgent","due_at","id") WHERE state = 'queued';--> statement-breakpoint
CREATE INDEX "message_waiting" ON "messaging"."message" USING btree ("state","channel","due_at") WHERE state <> 'queued' and due_at is not null;--> statement-breakpoint
CREATE INDEX "message_customer" ON "messaging"."message" USING btree ("customer_id","id");--> statement-breakpoint
CREATE INDEX "message_counted" ON "messaging"."message" USING btree ("customer_id","counted_at") WHERE purpose = 'promotional' and counted_at is not null;--> statement-breakpoint
CREATE INDEX "message_provider" ON "messaging"."message" USING btree ("channel","provider_message_id") WHERE provider_message_id is not null;--> statement-breakpoint
CREATE INDEX "message_event_message" ON "messaging"."message_event" USING btree ("message_id","id");