-- Entries are never changed. The one exception is forgetting a customer: within a transaction that says so, the customer's
-- id may be replaced by a pseudonym and what was written about it by hand dropped; nothing else.
CREATE FUNCTION "ledger"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'transfer' AND current_setting('vafa.erasing', true) = 'on' THEN
		IF NEW.customer_id LIKE 'erased:%' AND NEW.reason IS NULL
			AND to_jsonb(NEW) - 'customer_id' - 'reason' = to_jsonb(OLD) - 'customer_id' - 'reason'
		THEN
			RETURN NEW;
		END IF;
	END IF;
	RAISE EXCEPTION 'rows of %.% are never changed or removed', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END;
$$;
--> statement-breakpoint
CREATE TRIGGER "transfer_append_only" BEFORE UPDATE OR DELETE ON "ledger"."transfer"
	FOR EACH ROW EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "transfer_not_emptied" BEFORE TRUNCATE ON "ledger"."transfer"
	FOR EACH STATEMENT EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "programme_version_append_only" BEFORE UPDATE OR DELETE ON "ledger"."programme_version"
	FOR EACH ROW EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "programme_version_not_emptied" BEFORE TRUNCATE ON "ledger"."programme_version"
	FOR EACH STATEMENT EXECUTE FUNCTION "ledger"."refuse_change"();
--> statement-breakpoint
-- The book as accountants read it: two legs per transfer, credits positive, all of them together 0.
CREATE VIEW "ledger"."entries" AS
	SELECT id AS transfer_id, kind, occurred_at, recorded_at, 'debit' AS side, -amount AS points,
		CASE WHEN debit = 'customer' THEN 'customer/' || customer_id ELSE debit END AS account
	FROM "ledger"."transfer"
	UNION ALL
	SELECT id, kind, occurred_at, recorded_at, 'credit', amount,
		CASE WHEN credit = 'customer' THEN 'customer/' || customer_id ELSE credit END
	FROM "ledger"."transfer";
--> statement-breakpoint
-- Every purchase updates its customer's balance: room in the page keeps that a HOT update, without new index entries.
ALTER TABLE "ledger"."balance" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
--> statement-breakpoint
-- Filled and emptied all the time: cleaned by number of rows, not by share of an empty table.
ALTER TABLE "ledger"."outbox" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
