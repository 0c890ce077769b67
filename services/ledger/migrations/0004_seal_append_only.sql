-- Seals and closed books are never changed or removed.
CREATE TRIGGER "seal_append_only" BEFORE UPDATE OR DELETE ON "ledger"."seal"
	FOR EACH ROW EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "seal_not_emptied" BEFORE TRUNCATE ON "ledger"."seal"
	FOR EACH STATEMENT EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "finance_close_append_only" BEFORE UPDATE OR DELETE ON "ledger"."finance_close"
	FOR EACH ROW EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "finance_close_not_emptied" BEFORE TRUNCATE ON "ledger"."finance_close"
	FOR EACH STATEMENT EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "finance_movement_append_only" BEFORE UPDATE OR DELETE ON "ledger"."finance_movement"
	FOR EACH ROW EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "finance_movement_not_emptied" BEFORE TRUNCATE ON "ledger"."finance_movement"
	FOR EACH STATEMENT EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
-- Ids and checks look random: trying to compress those of a batch would only cost time.
ALTER TABLE "ledger"."seal" ALTER COLUMN "ids" SET STORAGE EXTERNAL, ALTER COLUMN "checks" SET STORAGE EXTERNAL;
