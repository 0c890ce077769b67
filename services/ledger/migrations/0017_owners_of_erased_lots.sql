-- Lots are found by the history that brought them. Who was merged into another and erased since has left its lots to the other, but that
-- it was merged was forgotten with its name.
UPDATE "ledger"."balance" SET "merged_into" = "own"."owner" FROM (
  SELECT DISTINCT ON ("t"."customer_id") "t"."customer_id" AS "erased", "l"."customer_id" AS "owner"
  FROM "ledger"."transfer" "t" JOIN "ledger"."lot" "l" ON "l"."id" = "t"."id"
  WHERE starts_with("t"."customer_id", 'erased:') AND "l"."customer_id" <> "t"."customer_id"
  ORDER BY "t"."customer_id"
) AS "own" WHERE "balance"."customer_id" = "own"."erased" AND "balance"."merged_into" IS NULL;
