import { refusalOf, type Tx } from '@vafa/bus';
import type { Door } from '../domain/transfer.ts';
import { holdRecordedAt } from './finance-locks.ts';
import { isoOfMs } from './instants.ts';
import { bodyHash, checksHex, idsHex, NO_HASH, type SealedFields, sealedText } from './seal-text.ts';

/** A transfer as it is booked. */
export interface Sealable extends Omit<SealedFields, 'explanation'> {
  /** ISO 8601. */
  occurredAt: string;
  /** The same in milliseconds since 1970, where it is known already. */
  occurredAtMs?: number;
  explanation?: object | null | undefined;
}

const textOf = (transfer: Sealable): string => {
  const { occurredAt, occurredAtMs = Date.parse(occurredAt), explanation } = transfer;
  // Most have none, and copying them all would cost more than the text itself.
  const fields = explanation ? { ...transfer, explanation: JSON.stringify(explanation) } : (transfer as SealedFields);
  return sealedText(fields, occurredAtMs);
};

/** Transactions of one door that may seal at the same time. */
const MAX_LANES = 256;

/**
 * Seals the transfers that a transaction books, by one row. The chain is the first lane of the door that no other transaction
 * is at: its lock is tried, never waited for, so sealing adds no contention and no deadlock. The hash is linked to the one
 * before it by the database, whose statement sees the last commit of that lane; both statements are sent at once. It is the
 * database, too, that refuses entries of a day that finance has closed: nobody need wait for the answer before COMMIT is sent.
 * @throws AppError unavailable `ledger.day_closed`, `ledger.too_busy`
 */
export const sealTransfers = async (
  tx: Tx,
  door: Door,
  recordedAt: string,
  transfers: readonly Sealable[],
): Promise<void> => {
  const texts = transfers.map(textOf);
  const atMs = Date.parse(recordedAt);
  await Promise.all([
    tx`
      select set_config('vafa.seal_lane', coalesce((
        select lane::text from generate_series(0, ${MAX_LANES - 1}::integer) as lane
        where pg_try_advisory_xact_lock(hashtextextended('vafa.ledger.seal/' || ${door}::text || '/' || lane, 0)) limit 1
      ), ''), true), ${holdRecordedAt(tx, atMs)}`,
    tx`
      insert into seal (door, lane, seq, prev_hash, hash, at, ids, checks)
      select ${door}::text, mine.lane, next.seq, next.prev_hash,
        sha256(next.prev_hash || convert_to(${door}::text || '/' || mine.lane || '/' || next.seq, 'UTF8')
          || decode(${bodyHash(texts, atMs)}, 'hex')),
        ${isoOfMs(atMs)}::timestamptz, ${`\\x${idsHex(transfers.map(({ id }) => id))}`}::text::bytea,
        ${`\\x${checksHex(texts)}`}::text::bytea
      from (select nullif(current_setting('vafa.seal_lane', true), '')::smallint as lane) as mine
      left join lateral (
        select seq, hash from seal where door = ${door} and lane = mine.lane order by seq desc limit 1
      ) as head on true
      cross join lateral (
        select coalesce(head.seq, 0) + 1 as seq, coalesce(head.hash, decode(${NO_HASH}, 'hex')) as prev_hash
      ) as next
      where case when mine.lane is null then refuse_now('ledger.too_busy', 'too many transactions at once, try again')
        -- While this transaction was under way, or the clock of this process is far behind.
        when exists (select from finance_close where until > ${isoOfMs(atMs)}::timestamptz)
          then refuse_now('ledger.day_closed', 'the books of that day are closed, try again')
        else true end`,
  ]).catch((error: unknown) => {
    throw refusalOf(error);
  });
};
