/** Largest record, with its key and headers: an HTTP body of 1 MiB fits four times. */
export const MAX_RECORD_BYTES = 4_000_000;
/** Records that may wait to be published by one process, unless told otherwise. */
export const MAX_QUEUED_RECORDS = 50_000;
/** Partitions whose batches a member has in hand at the same time: more than transactions, so that they can share one. */
export const MAX_PARTITIONS_IN_HAND = 16;
