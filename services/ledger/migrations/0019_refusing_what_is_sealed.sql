-- Refuses the statement that calls it, for now: `code` is that of the error that the caller of the service gets, `message` says it to
-- people. COMMIT goes along with what a transaction writes last, so it is too late to look at what was written when that is answered.
CREATE FUNCTION "ledger"."refuse_now"(code text, message text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '%', code USING ERRCODE = 'VL001', DETAIL = message;
END
$$;
