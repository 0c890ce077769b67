CREATE TABLE "ledger"."seal" (
	"door" text NOT NULL,
	"lane" smallint NOT NULL,
	"seq" bigint NOT NULL,
	"prev_hash" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"ids" "bytea" NOT NULL,
	"checks" "bytea" NOT NULL,
	CONSTRAINT "seal_door_lane_seq_pk" PRIMARY KEY("door","lane","seq"),
	CONSTRAINT "seal_counts" CHECK (length("ledger"."seal"."ids") > 0 and length("ledger"."seal"."ids") = 4 * length("ledger"."seal"."checks"))
);
--> statement-breakpoint
CREATE TABLE "ledger"."finance_close" (
	"until" timestamp with time zone PRIMARY KEY NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone NOT NULL,
	"calendar" text NOT NULL,
	"time_zone" text NOT NULL,
	"entries" bigint NOT NULL,
	"points" bigint NOT NULL,
	CONSTRAINT "finance_close_forward" CHECK ("ledger"."finance_close"."since" < "ledger"."finance_close"."until")
);
--> statement-breakpoint
CREATE TABLE "ledger"."finance_movement" (
	"until" timestamp with time zone NOT NULL,
	"wallet" text NOT NULL,
	"tier" text NOT NULL,
	"cohort" text NOT NULL,
	"kind" text NOT NULL,
	"happened" text NOT NULL,
	"points" bigint NOT NULL,
	CONSTRAINT "finance_movement_until_wallet_tier_cohort_kind_happened_pk" PRIMARY KEY("until","wallet","tier","cohort","kind","happened")
);
--> statement-breakpoint
ALTER TABLE "ledger"."lot" ADD COLUMN "tier" text;--> statement-breakpoint
CREATE INDEX "lot_absorbed" ON "ledger"."lot" USING btree ("id") WHERE "ledger"."lot"."absorbed" > 0;--> statement-breakpoint
CREATE INDEX "transfer_recorded" ON "ledger"."transfer" USING brin ("recorded_at") WITH (pages_per_range=32,autosummarize=true);