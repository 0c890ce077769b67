import type { Queryable } from '@vafa/bus';
import { firstIdAt } from './finance.ts';
import { isoOfMs } from './instants.ts';
import { TOLD, type ToldTransfer } from './told-transfer.ts';

/** A transfer as accountants read it. */
export interface EntryRow extends ToldTransfer {
  customerId: string;
  /** The how-many-th of its customer. */
  number: number;
  debit: string;
  credit: string;
  amount: number;
  pairId: string | null;
}

/** Ids begin with the time in milliseconds; what is finer may have been rounded when it was kept, to the next one at most. */
const idNear = (instant: string, offMs: -1 | 2): string =>
  firstIdAt(Temporal.Instant.from(instant).epochMilliseconds + offMs);

/**
 * The next transfers of the whole book in the order of their ids, which is that of their time to the millisecond: those that
 * happened from one instant to another (ISO 8601, the end excluded) and were recorded by a third. The ids are looked up by the
 * index, the instants themselves decide.
 */
export const readEntries = (
  db: Queryable,
  { from, until, recordedByMs }: { from: string | null; until: string | null; recordedByMs: number },
  page: { afterId: string | null; limit: number },
): Promise<EntryRow[]> =>
  db<EntryRow[]>`
    select ${db.unsafe(TOLD)}, customer_id as "customerId", seq as number, debit, credit, amount, pair_id as "pairId"
    from transfer
    where id >= ${from === null ? firstIdAt(0) : idNear(from, -1)}::uuid
      and (${from === null} or occurred_at >= ${from}::timestamptz)
      and (${until === null} or id < ${until === null ? firstIdAt(0) : idNear(until, 2)}::uuid)
      and (${until === null} or occurred_at < ${until}::timestamptz)
      and (${page.afterId === null} or id > ${page.afterId}::uuid)
      and recorded_at <= ${isoOfMs(recordedByMs)}::timestamptz
    order by id limit ${page.limit}`;
