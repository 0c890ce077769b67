CREATE TABLE "ledger"."replay_portion" (
	"replay_id" uuid NOT NULL,
	"place" integer NOT NULL,
	"order_ids" text[] NOT NULL,
	CONSTRAINT "replay_portion_replay_id_place_pk" PRIMARY KEY("replay_id","place")
);
--> statement-breakpoint
DROP INDEX "ledger"."purchase_week_customer";--> statement-breakpoint
CREATE INDEX "purchase_week_customer_unearned" ON "ledger"."purchase" USING btree (date_bin('7 days', "recorded_at", timestamptz '2001-01-01 00:00+00'),"customer_id","occurred_at") WHERE "ledger"."purchase"."earn_id" is null;--> statement-breakpoint
CREATE INDEX "purchase_recorded" ON "ledger"."purchase" USING brin ("recorded_at") WITH (pages_per_range=32,autosummarize=true);--> statement-breakpoint
-- Replays under way begin anew: where they stood was a place in the order of the index that is gone.
UPDATE "ledger"."programme_replay" SET "status" = 'queued', "started_at" = NULL, "orders_total" = NULL, "orders_done" = 0,
  "tally" = '{"orders":0,"ordersWithoutDetails":0,"ordersOutOfRange":0,"currencies":[],"rules":[],"customers":{"up":0,"down":0,"same":0},"current":null,"budgets":[]}'
WHERE "status" = 'running';--> statement-breakpoint
ALTER TABLE "ledger"."programme_replay" DROP COLUMN "position";