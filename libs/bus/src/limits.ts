/** Largest record, with its key and headers: an HTTP body of 1 MiB fits four times. */
export const MAX_RECORD_BYTES = 4_000_000;
/** Records that may wait to be published by one process, unless told otherwise. */
export const MAX_QUEUED_RECORDS = 50_000;
