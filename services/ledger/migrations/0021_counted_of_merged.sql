ALTER TABLE "ledger"."balance" ADD COLUMN "former_earned" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD COLUMN "former_spent" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger"."balance" ADD COLUMN "former_expired" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE "ledger"."balance" b SET former_earned = f.earned, former_spent = f.spent, former_expired = f.expired
FROM (
	SELECT merged_into, sum(earned) AS earned, sum(spent) AS spent, sum(expired) AS expired
	FROM "ledger"."balance" WHERE merged_into IS NOT NULL GROUP BY 1
) f WHERE b.customer_id = f.merged_into;
