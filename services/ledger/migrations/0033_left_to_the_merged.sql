-- What was told of customers after they were merged was kept under their own ids, and brought who lives on a second birthday. It is
-- given to who lives on where nothing of the kind is known.
INSERT INTO "ledger"."customer_profile" AS o ("customer_id", "attributes", "birth_date", "next_birthday_at")
  SELECT DISTINCT ON (b."merged_into") b."merged_into", p."attributes", p."birth_date", p."next_birthday_at"
  FROM "ledger"."customer_profile" p JOIN "ledger"."balance" b ON b."customer_id" = p."customer_id"
  WHERE b."merged_into" IS NOT NULL AND (p."attributes" <> '{}' OR p."birth_date" IS NOT NULL)
  ORDER BY b."merged_into", p."customer_id"
  ON CONFLICT ("customer_id") DO UPDATE SET "attributes" = excluded."attributes", "birth_date" = excluded."birth_date",
    "next_birthday_at" = excluded."next_birthday_at"
  WHERE o."attributes" = '{}' AND o."birth_date" IS NULL;--> statement-breakpoint
DELETE FROM "ledger"."customer_profile" p USING "ledger"."balance" b
  WHERE b."customer_id" = p."customer_id" AND b."merged_into" IS NOT NULL;--> statement-breakpoint
-- Codes that were uploaded for them since were nobody's.
UPDATE "ledger"."coupon" c SET "customer_id" = b."merged_into" FROM "ledger"."balance" b
  WHERE b."customer_id" = c."customer_id" AND b."merged_into" IS NOT NULL;
