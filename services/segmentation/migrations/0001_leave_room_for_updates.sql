-- These rows are rewritten with nearly every purchase. Room on the page lets Postgres do that without touching the indexes.
alter table segmentation.customer_metric set (fillfactor = 70);--> statement-breakpoint
alter table segmentation.customer_spend set (fillfactor = 80);--> statement-breakpoint
alter table segmentation.lifecycle_due set (fillfactor = 80);
