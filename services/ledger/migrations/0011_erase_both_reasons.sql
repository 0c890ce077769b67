-- What was written about a customer by hand also stands with the other half of a gift, which is another customer's: while one
-- is forgotten, it may be dropped there too. Everything else of a transfer stays as it is.
CREATE OR REPLACE FUNCTION "ledger"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'transfer' AND current_setting('vafa.erasing', true) = 'on' THEN
		IF (NEW.customer_id LIKE 'erased:%' OR NEW.customer_id = OLD.customer_id) AND NEW.reason IS NULL
			AND to_jsonb(NEW) - 'customer_id' - 'reason' = to_jsonb(OLD) - 'customer_id' - 'reason'
		THEN
			RETURN NEW;
		END IF;
	END IF;
	RAISE EXCEPTION 'rows of %.% are never changed or removed', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END;
$$;
