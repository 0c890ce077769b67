-- What was told of customers after they were merged was kept under their own ids, and brought who lives on a second birthday.
DELETE FROM "ledger"."customer_profile" p USING "ledger"."balance" b
  WHERE b."customer_id" = p."customer_id" AND b."merged_into" IS NOT NULL;
