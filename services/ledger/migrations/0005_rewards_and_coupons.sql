CREATE TABLE "ledger"."coupon" (
	"code" text PRIMARY KEY NOT NULL,
	"pool_id" uuid NOT NULL,
	"shown" text,
	"customer_id" text,
	"claim_id" uuid,
	"max_uses" integer NOT NULL,
	"reserved" integer DEFAULT 0 NOT NULL,
	"redeemed" integer DEFAULT 0 NOT NULL,
	"expires_at" timestamp with time zone,
	"voided" boolean DEFAULT false NOT NULL,
	CONSTRAINT "coupon_code" CHECK ("ledger"."coupon"."code" ~ '^[A-Z0-9]{4,32}$'),
	CONSTRAINT "coupon_uses" CHECK ("ledger"."coupon"."reserved" >= 0 and "ledger"."coupon"."redeemed" >= 0 and "ledger"."coupon"."reserved" + "ledger"."coupon"."redeemed" <= "ledger"."coupon"."max_uses")
);
--> statement-breakpoint
CREATE TABLE "ledger"."coupon_pool" (
	"id" uuid PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"status" text NOT NULL,
	"name" text NOT NULL,
	"terms" jsonb NOT NULL,
	"pattern" text,
	"code_prefix" text,
	"code_length" integer,
	"uses_per_code" integer NOT NULL,
	"valid_days" integer,
	"wanted" bigint DEFAULT 0 NOT NULL,
	"generated" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "coupon_pool_status" CHECK ("ledger"."coupon_pool"."status" in ('active', 'paused')),
	CONSTRAINT "coupon_pool_uses" CHECK ("ledger"."coupon_pool"."uses_per_code" > 0),
	CONSTRAINT "coupon_pool_generated" CHECK ("ledger"."coupon_pool"."generated" between 0 and "ledger"."coupon_pool"."wanted")
);
--> statement-breakpoint
CREATE TABLE "ledger"."coupon_redemption" (
	"order_id" text PRIMARY KEY NOT NULL,
	"attempt" integer NOT NULL,
	"content_hash" uuid NOT NULL,
	"customer_id" text,
	"status" text NOT NULL,
	"currency" text NOT NULL,
	"total_minor" bigint NOT NULL,
	"discount_minor" bigint NOT NULL,
	"line_discounts" jsonb NOT NULL,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	CONSTRAINT "coupon_redemption_status" CHECK ("ledger"."coupon_redemption"."status" in ('reserved', 'redeemed', 'released', 'timed_out')),
	CONSTRAINT "coupon_redemption_discount" CHECK ("ledger"."coupon_redemption"."discount_minor" between 0 and "ledger"."coupon_redemption"."total_minor")
);
--> statement-breakpoint
CREATE TABLE "ledger"."coupon_use" (
	"order_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"code" text NOT NULL,
	"pool_id" uuid NOT NULL,
	"customer_id" text,
	"applied" integer NOT NULL,
	"discount_minor" bigint NOT NULL,
	"live" boolean NOT NULL,
	CONSTRAINT "coupon_use_order_id_attempt_code_pk" PRIMARY KEY("order_id","attempt","code"),
	CONSTRAINT "coupon_use_discount" CHECK ("ledger"."coupon_use"."discount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "ledger"."points_payment" (
	"reservation_id" uuid PRIMARY KEY NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"value_minor" bigint NOT NULL,
	"per_points" bigint NOT NULL,
	"captured_minor" bigint,
	CONSTRAINT "points_payment_amount" CHECK ("ledger"."points_payment"."amount_minor" > 0),
	CONSTRAINT "points_payment_value" CHECK ("ledger"."points_payment"."value_minor" > 0 and "ledger"."points_payment"."per_points" > 0),
	CONSTRAINT "points_payment_captured" CHECK ("ledger"."points_payment"."captured_minor" between 0 and "ledger"."points_payment"."amount_minor")
);
--> statement-breakpoint
CREATE TABLE "ledger"."reward" (
	"id" uuid PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"status" text NOT NULL,
	"definition" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "reward_status" CHECK ("ledger"."reward"."status" in ('draft', 'active', 'archived')),
	CONSTRAINT "reward_revision" CHECK ("ledger"."reward"."revision" > 0)
);
--> statement-breakpoint
CREATE TABLE "ledger"."reward_claim" (
	"id" uuid PRIMARY KEY NOT NULL,
	"reference" text NOT NULL,
	"reward_id" uuid NOT NULL,
	"reward_revision" integer NOT NULL,
	"customer_id" text NOT NULL,
	"points" bigint NOT NULL,
	"reservation_id" uuid NOT NULL,
	"entry_id" uuid NOT NULL,
	"slot" smallint,
	"coupon_code" text,
	"status" text NOT NULL,
	"actor" text NOT NULL,
	"claimed_at" timestamp with time zone NOT NULL,
	"cancelled_at" timestamp with time zone,
	"cancelled_by" text,
	"cancel_reason" text,
	"cancel_entry_id" uuid,
	CONSTRAINT "reward_claim_status" CHECK ("ledger"."reward_claim"."status" in ('claimed', 'cancelled')),
	CONSTRAINT "reward_claim_points" CHECK ("ledger"."reward_claim"."points" > 0),
	CONSTRAINT "reward_claim_cancelled" CHECK (("ledger"."reward_claim"."status" = 'cancelled') = ("ledger"."reward_claim"."cancelled_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "ledger"."reward_stock" (
	"reward_id" uuid NOT NULL,
	"slot" smallint NOT NULL,
	"remaining" bigint NOT NULL,
	CONSTRAINT "reward_stock_reward_id_slot_pk" PRIMARY KEY("reward_id","slot"),
	CONSTRAINT "reward_stock_remaining" CHECK ("ledger"."reward_stock"."remaining" >= 0)
);
--> statement-breakpoint
ALTER TABLE "ledger"."purchase" ADD COLUMN "details" json;--> statement-breakpoint
ALTER TABLE "ledger"."refund" ADD COLUMN "points_given_back" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger"."reservation" ADD COLUMN "given_back" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "coupon_of_pool" ON "ledger"."coupon" USING btree ("pool_id","code");--> statement-breakpoint
CREATE INDEX "coupon_free" ON "ledger"."coupon" USING btree ("pool_id","code") WHERE "ledger"."coupon"."customer_id" is null and not "ledger"."coupon"."voided" and "ledger"."coupon"."reserved" = 0 and "ledger"."coupon"."redeemed" = 0;--> statement-breakpoint
CREATE INDEX "coupon_customer" ON "ledger"."coupon" USING btree ("customer_id") WHERE "ledger"."coupon"."customer_id" is not null;--> statement-breakpoint
CREATE INDEX "coupon_pool_generating" ON "ledger"."coupon_pool" USING btree ("id") WHERE "ledger"."coupon_pool"."generated" < "ledger"."coupon_pool"."wanted";--> statement-breakpoint
CREATE INDEX "coupon_pool_shape" ON "ledger"."coupon_pool" USING btree ("code_length");--> statement-breakpoint
CREATE INDEX "coupon_redemption_due" ON "ledger"."coupon_redemption" USING btree ("expires_at") WHERE "ledger"."coupon_redemption"."status" = 'reserved';--> statement-breakpoint
CREATE INDEX "coupon_redemption_customer" ON "ledger"."coupon_redemption" USING btree ("customer_id") WHERE "ledger"."coupon_redemption"."customer_id" is not null;--> statement-breakpoint
CREATE INDEX "coupon_use_code" ON "ledger"."coupon_use" USING btree ("code");--> statement-breakpoint
CREATE INDEX "coupon_use_customer" ON "ledger"."coupon_use" USING btree ("customer_id","pool_id") WHERE "ledger"."coupon_use"."customer_id" is not null;--> statement-breakpoint
CREATE INDEX "reward_active" ON "ledger"."reward" USING btree ("id") WHERE "ledger"."reward"."status" = 'active';--> statement-breakpoint
CREATE UNIQUE INDEX "reward_claim_reference" ON "ledger"."reward_claim" USING btree ("reference");--> statement-breakpoint
CREATE INDEX "reward_claim_customer" ON "ledger"."reward_claim" USING btree ("customer_id","id");--> statement-breakpoint
CREATE INDEX "reward_claim_reward" ON "ledger"."reward_claim" USING btree ("reward_id","customer_id") WHERE "ledger"."reward_claim"."status" = 'claimed';--> statement-breakpoint
CREATE INDEX "reservation_order" ON "ledger"."reservation" USING btree ("order_id") WHERE "ledger"."reservation"."status" = 'captured';--> statement-breakpoint
ALTER TABLE "ledger"."reservation" ADD CONSTRAINT "reservation_given_back" CHECK ("ledger"."reservation"."given_back" between 0 and "ledger"."reservation"."captured");