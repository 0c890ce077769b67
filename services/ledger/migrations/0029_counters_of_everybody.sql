DROP INDEX "ledger"."rule_counter_customer";--> statement-breakpoint
CREATE INDEX "rule_counter_customer" ON "ledger"."rule_counter" USING btree ("customer_id") WHERE "ledger"."rule_counter"."customer_id" <> '';--> statement-breakpoint
-- What all customers have of a budget was counted under *, which a customer may be called: merged or erased, it took the budgets along.
UPDATE "ledger"."rule_counter" SET "customer_id" = '' WHERE "customer_id" = '*';
