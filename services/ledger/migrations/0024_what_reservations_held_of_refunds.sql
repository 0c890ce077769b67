ALTER TABLE "ledger"."refund" ADD COLUMN "held" jsonb;--> statement-breakpoint
ALTER TABLE "ledger"."reservation" ADD COLUMN "claimed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "refund_held" ON "ledger"."refund" USING btree ("customer_id") WHERE "ledger"."refund"."held" is not null;