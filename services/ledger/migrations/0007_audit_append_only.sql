-- Who changed what is never changed or removed; nothing about a person stands in it.
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE ON "ledger"."audit"
	FOR EACH ROW EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "audit_not_emptied" BEFORE TRUNCATE ON "ledger"."audit"
	FOR EACH STATEMENT EXECUTE FUNCTION "ledger"."refuse_change"();
