DROP INDEX "ledger"."coupon_use_code";--> statement-breakpoint
ALTER TABLE "ledger"."coupon_use" ADD COLUMN "used_at" timestamp with time zone;--> statement-breakpoint
-- Of an attempt that was given back before another began nothing tells when it was; it does not count, and nobody asks.
UPDATE "ledger"."coupon_use" u SET "used_at" = r."created_at" FROM "ledger"."coupon_redemption" r WHERE r."order_id" = u."order_id";--> statement-breakpoint
ALTER TABLE "ledger"."coupon_use" ALTER COLUMN "used_at" SET NOT NULL;--> statement-breakpoint
CREATE INDEX "coupon_use_code" ON "ledger"."coupon_use" USING btree ("code","used_at" DESC NULLS FIRST,"order_id") WHERE "ledger"."coupon_use"."live";
