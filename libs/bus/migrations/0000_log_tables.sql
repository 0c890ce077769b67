CREATE SCHEMA "bus";
--> statement-breakpoint
CREATE TABLE "bus"."log_cursor" (
	"grp" text NOT NULL,
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"committed" bigint DEFAULT 0 NOT NULL,
	"owner" text,
	"epoch" bigint DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	CONSTRAINT "log_cursor_grp_topic_partition_pk" PRIMARY KEY("grp","topic","partition")
);
--> statement-breakpoint
CREATE TABLE "bus"."log_member" (
	"grp" text NOT NULL,
	"member" text NOT NULL,
	"alive_until" timestamp with time zone NOT NULL,
	CONSTRAINT "log_member_grp_member_pk" PRIMARY KEY("grp","member")
);
--> statement-breakpoint
CREATE TABLE "bus"."log_partition" (
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"first_offset" bigint DEFAULT 0 NOT NULL,
	"next_offset" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "log_partition_topic_partition_pk" PRIMARY KEY("topic","partition")
);
--> statement-breakpoint
CREATE TABLE "bus"."log_record" (
	"topic" text NOT NULL,
	"partition" integer NOT NULL,
	"record_offset" bigint NOT NULL,
	"key" text NOT NULL,
	"headers" text NOT NULL,
	"value" text,
	"value_bytes" "bytea",
	"appended_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "log_record_topic_partition_record_offset_pk" PRIMARY KEY("topic","partition","record_offset")
);
--> statement-breakpoint
CREATE TABLE "bus"."log_topic" (
	"topic" text PRIMARY KEY NOT NULL,
	"partitions" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "log_cursor_owner" ON "bus"."log_cursor" USING btree ("owner");