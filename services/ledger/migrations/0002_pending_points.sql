ALTER TABLE "ledger"."balance" DROP CONSTRAINT "balance_adds_up";--> statement-breakpoint
ALTER TABLE "ledger"."lot" DROP CONSTRAINT "lot_parts";--> statement-breakpoint
ALTER TABLE "ledger"."transfer" DROP CONSTRAINT "transfer_kind";--> statement-breakpoint
ALTER TABLE "ledger"."transfer" DROP CONSTRAINT "transfer_legs";--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD COLUMN "pending" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD COLUMN "next_activation_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "ledger"."lot" ADD COLUMN "pending" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger"."lot" ADD COLUMN "pending_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "ledger"."lot" ADD COLUMN "awaits" text;--> statement-breakpoint
CREATE INDEX "balance_activation_due" ON "ledger"."balance" USING btree ("next_activation_at") WHERE "ledger"."balance"."next_activation_at" is not null;--> statement-breakpoint
CREATE INDEX "lot_pending" ON "ledger"."lot" USING btree ("customer_id","pending_until","id") WHERE "ledger"."lot"."pending" > 0;--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD CONSTRAINT "balance_pending" CHECK ("ledger"."balance"."pending" >= 0);--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD CONSTRAINT "balance_adds_up" CHECK ("ledger"."balance"."active" + "ledger"."balance"."pending" + "ledger"."balance"."reserved" - "ledger"."balance"."deficit" = "ledger"."balance"."earned" - "ledger"."balance"."clawed_back" - "ledger"."balance"."spent" - "ledger"."balance"."expired" + "ledger"."balance"."adjusted" + "ledger"."balance"."moved");--> statement-breakpoint
ALTER TABLE "ledger"."lot" ADD CONSTRAINT "lot_pending_points" CHECK ("ledger"."lot"."pending" >= 0 and ("ledger"."lot"."pending" = 0 or "ledger"."lot"."remaining" = 0));--> statement-breakpoint
ALTER TABLE "ledger"."lot" ADD CONSTRAINT "lot_parts" CHECK ("ledger"."lot"."remaining" + "ledger"."lot"."pending" + "ledger"."lot"."absorbed" + "ledger"."lot"."expired" <= "ledger"."lot"."granted");--> statement-breakpoint
ALTER TABLE "ledger"."transfer" ADD CONSTRAINT "transfer_kind" CHECK ("ledger"."transfer"."kind" in ('earn', 'activate', 'clawback', 'redeem', 'expire', 'adjust', 'transfer_out', 'transfer_in', 'forfeit', 'write_off'));--> statement-breakpoint
ALTER TABLE "ledger"."transfer" ADD CONSTRAINT "transfer_legs" CHECK (case "ledger"."transfer"."kind" when 'activate' then "ledger"."transfer"."debit" = 'pending' and "ledger"."transfer"."credit" = 'customer'
        else ("ledger"."transfer"."debit" in ('customer', 'pending')) <> ("ledger"."transfer"."credit" in ('customer', 'pending')) end);