CREATE TABLE "ledger"."wrong_code" (
	"guesser" uuid PRIMARY KEY NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"wrong" integer NOT NULL
);
