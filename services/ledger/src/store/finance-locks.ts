import type { Tx } from '@vafa/bus';

/**
 * Books are closed by the time at which entries were recorded, and a transaction that recorded before the end of a day may
 * commit after it. So every writer holds a shared lock on the quarter of an hour in which it records, and closing takes those
 * of the day for itself: it does so only when nobody is in them any more, and nobody ever waits for those of other quarters.
 */
const QUARTER_MS = 900_000;
/** No transaction lasts longer: the database ends it before (statement and idle time-outs). */
export const LONGEST_TRANSACTION_MS = 6 * 3_600_000;

const quarterOf = (ms: number): number => Math.floor(ms / QUARTER_MS);
const KEY = 'vafa.ledger.recorded/';

/** As a column of a query: keeps the quarter of an hour from being closed until this transaction ends; waits while it is. */
export const holdRecordedAt = (tx: Tx, atMs: number) =>
  tx`pg_advisory_xact_lock_shared(hashtextextended(${KEY + quarterOf(atMs)}, 0))`;

/** Takes all quarters before an instant, unless somebody is still in one of them: false, then. */
export const takeRecordedUntil = async (tx: Tx, untilMs: number): Promise<boolean> => {
  const [row] = await tx<{ mine: boolean }[]>`
    select bool_and(pg_try_advisory_xact_lock(hashtextextended(${KEY}::text || quarter, 0))) as mine
    from generate_series(${quarterOf(untilMs - LONGEST_TRANSACTION_MS)}::bigint, ${quarterOf(untilMs - 1)}::bigint) as quarter`;
  return row?.mine ?? false;
};
