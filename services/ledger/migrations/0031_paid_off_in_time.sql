CREATE TABLE "ledger"."paid_off" (
	"lot_id" uuid NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	"points" bigint NOT NULL,
	CONSTRAINT "paid_off_lot_id_recorded_at_pk" PRIMARY KEY("lot_id","recorded_at"),
	CONSTRAINT "paid_off_points" CHECK ("ledger"."paid_off"."points" > 0)
);
