DROP INDEX "ledger"."balance_special";--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD COLUMN "next_closing_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "ledger"."refund" ADD COLUMN "open_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "ledger"."refund" ADD COLUMN "open_lines" jsonb;--> statement-breakpoint
CREATE INDEX "balance_closing_due" ON "ledger"."balance" USING btree ("next_closing_at") WHERE "ledger"."balance"."next_closing_at" is not null;--> statement-breakpoint
CREATE INDEX "refund_open" ON "ledger"."refund" USING btree ("customer_id") WHERE "ledger"."refund"."open_until" is not null;--> statement-breakpoint
CREATE INDEX "balance_special" ON "ledger"."balance" USING btree ("customer_id") WHERE "ledger"."balance"."deficit" > 0 or "ledger"."balance"."merged_into" is not null or "ledger"."balance"."next_closing_at" is not null;