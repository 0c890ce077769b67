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

/**
 * The next transfers of the whole book in the order of their ids, which is that of their time: those that happened from one
 * instant to another (milliseconds since 1970, the end excluded) and were recorded by a third.
 */
export const readEntries = (
  db: Queryable,
  range: { fromMs: number | null; untilMs: number | null; recordedByMs: number },
  page: { afterId: string | null; limit: number },
): Promise<EntryRow[]> =>
  db<EntryRow[]>`
    select ${db.unsafe(TOLD)}, customer_id as "customerId", seq as number, debit, credit, amount, pair_id as "pairId"
    from transfer
    where id >= ${firstIdAt(range.fromMs ?? 0)}::uuid
      and (${range.untilMs === null} or id < ${firstIdAt(range.untilMs ?? 0)}::uuid)
      and (${page.afterId === null} or id > ${page.afterId}::uuid)
      and recorded_at <= ${isoOfMs(range.recordedByMs)}::timestamptz
    order by id limit ${page.limit}`;
