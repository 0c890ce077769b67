DROP INDEX "ledger"."transfer_customer_seq";--> statement-breakpoint
DROP INDEX "ledger"."purchase_newest";--> statement-breakpoint
CREATE UNIQUE INDEX "transfer_week_customer_seq" ON "ledger"."transfer" USING btree (date_bin('7 days', "recorded_at", timestamptz '2001-01-01 00:00+00'),"customer_id","seq");--> statement-breakpoint
CREATE INDEX "purchase_week_customer" ON "ledger"."purchase" USING btree (date_bin('7 days', "recorded_at", timestamptz '2001-01-01 00:00+00'),"customer_id","occurred_at","recorded_at");