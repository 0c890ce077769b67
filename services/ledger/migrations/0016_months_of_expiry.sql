DROP INDEX "ledger"."lot_open";--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD COLUMN "last_expiry_at" timestamp with time zone;--> statement-breakpoint
UPDATE "ledger"."balance" SET "last_expiry_at" = "open"."last" FROM (
  SELECT "customer_id", max("expires_at") AS "last" FROM "ledger"."lot" WHERE "remaining" > 0 AND "expires_at" IS NOT NULL GROUP BY "customer_id"
) AS "open" WHERE "open"."customer_id" = "balance"."customer_id";--> statement-breakpoint
CREATE INDEX "lot_open_month" ON "ledger"."lot" USING btree (coalesce(date_bin('28 days', "expires_at", timestamptz '2001-01-01 00:00+00'), 'infinity'),"customer_id","expires_at") WHERE "ledger"."lot"."remaining" > 0;