CREATE TABLE "ledger"."adjustment_request" (
	"id" uuid PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"points" bigint NOT NULL,
	"reason" text,
	"maker" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"decided_at" timestamp with time zone,
	"decided_by" text,
	"decision_reason" text,
	"entry_id" uuid,
	CONSTRAINT "adjustment_request_points" CHECK ("ledger"."adjustment_request"."points" <> 0),
	CONSTRAINT "adjustment_request_status_known" CHECK ("ledger"."adjustment_request"."status" in ('pending', 'approved', 'rejected', 'withdrawn', 'expired', 'void')),
	CONSTRAINT "adjustment_request_decided" CHECK (("ledger"."adjustment_request"."status" = 'pending') = ("ledger"."adjustment_request"."decided_at" is null)),
	CONSTRAINT "adjustment_request_booked" CHECK (("ledger"."adjustment_request"."status" = 'approved') = ("ledger"."adjustment_request"."entry_id" is not null)),
	CONSTRAINT "adjustment_request_other_eyes" CHECK ("ledger"."adjustment_request"."status" not in ('approved', 'rejected') or ("ledger"."adjustment_request"."decided_by" is not null and "ledger"."adjustment_request"."decided_by" <> "ledger"."adjustment_request"."maker"))
);
--> statement-breakpoint
CREATE TABLE "ledger"."audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"before" jsonb,
	"after" jsonb
);
--> statement-breakpoint
CREATE TABLE "ledger"."programme_draft" (
	"id" uuid PRIMARY KEY NOT NULL,
	"definition" jsonb NOT NULL,
	"based_on" integer NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"activated_version" integer,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"changed_by" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "programme_draft_status" CHECK ("ledger"."programme_draft"."status" in ('open', 'activated')),
	CONSTRAINT "programme_draft_activated" CHECK (("ledger"."programme_draft"."status" = 'activated') = ("ledger"."programme_draft"."activated_version" is not null))
);
--> statement-breakpoint
CREATE TABLE "ledger"."programme_replay" (
	"id" uuid PRIMARY KEY NOT NULL,
	"draft_id" uuid NOT NULL,
	"draft_revision" integer NOT NULL,
	"definition" jsonb NOT NULL,
	"days" integer NOT NULL,
	"from_at" timestamp with time zone NOT NULL,
	"until_at" timestamp with time zone NOT NULL,
	"status" text NOT NULL,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"orders_total" bigint,
	"orders_done" bigint DEFAULT 0 NOT NULL,
	"position" jsonb,
	"tally" jsonb NOT NULL,
	"error" text,
	CONSTRAINT "programme_replay_status" CHECK ("ledger"."programme_replay"."status" in ('queued', 'running', 'done', 'cancelled', 'failed')),
	CONSTRAINT "programme_replay_finished" CHECK (("ledger"."programme_replay"."status" in ('done', 'cancelled', 'failed')) = ("ledger"."programme_replay"."finished_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "ledger"."customer_profile" (
	"customer_id" text PRIMARY KEY NOT NULL,
	"segments" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"lifecycle" text,
	"attributes" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"birth_date" date,
	"next_birthday_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "ledger"."rule_award" (
	"key" uuid PRIMARY KEY NOT NULL,
	"content_hash" uuid,
	"transfer_id" uuid NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger"."rule_counter" (
	"rule_id" text NOT NULL,
	"customer_id" text NOT NULL,
	"per" text NOT NULL,
	"starts_on" date NOT NULL,
	"points" bigint DEFAULT 0 NOT NULL,
	"awards" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "rule_counter_rule_id_customer_id_per_starts_on_pk" PRIMARY KEY("rule_id","customer_id","per","starts_on"),
	CONSTRAINT "rule_counter_per" CHECK ("ledger"."rule_counter"."per" in ('day', 'week', 'month', 'quarter', 'half', 'year', 'forever')),
	CONSTRAINT "rule_counter_counts" CHECK ("ledger"."rule_counter"."points" >= 0 and "ledger"."rule_counter"."awards" >= 0)
);
--> statement-breakpoint
ALTER TABLE "ledger"."transfer" DROP CONSTRAINT "transfer_kind";--> statement-breakpoint
ALTER TABLE "ledger"."transfer" ADD COLUMN "explanation" json;--> statement-breakpoint
ALTER TABLE "ledger"."purchase" ADD COLUMN "awards" jsonb;--> statement-breakpoint
CREATE INDEX "adjustment_request_open" ON "ledger"."adjustment_request" USING btree ("expires_at") WHERE "ledger"."adjustment_request"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "adjustment_request_customer" ON "ledger"."adjustment_request" USING btree ("customer_id");--> statement-breakpoint
CREATE INDEX "adjustment_request_status" ON "ledger"."adjustment_request" USING btree ("status","id");--> statement-breakpoint
CREATE UNIQUE INDEX "adjustment_request_entry" ON "ledger"."adjustment_request" USING btree ("entry_id") WHERE "ledger"."adjustment_request"."entry_id" is not null;--> statement-breakpoint
CREATE INDEX "audit_subject" ON "ledger"."audit" USING btree ("subject","id");--> statement-breakpoint
CREATE INDEX "programme_replay_open" ON "ledger"."programme_replay" USING btree ("id") WHERE "ledger"."programme_replay"."status" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "programme_replay_draft" ON "ledger"."programme_replay" USING btree ("draft_id","id");--> statement-breakpoint
CREATE INDEX "customer_profile_birthday" ON "ledger"."customer_profile" USING btree ("next_birthday_at") WHERE "ledger"."customer_profile"."next_birthday_at" is not null;--> statement-breakpoint
CREATE INDEX "rule_counter_customer" ON "ledger"."rule_counter" USING btree ("customer_id") WHERE "ledger"."rule_counter"."customer_id" <> '*';--> statement-breakpoint
ALTER TABLE "ledger"."transfer" ADD CONSTRAINT "transfer_kind" CHECK ("ledger"."transfer"."kind" in ('earn', 'activate', 'clawback', 'redeem', 'redeem_reversal', 'expire', 'expire_reversal', 'adjust', 'transfer_out', 'transfer_in', 'forfeit', 'write_off'));