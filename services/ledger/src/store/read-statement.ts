import type { Queryable } from '@vafa/bus';
import { textArray } from '@vafa/bus';
import type { TransferKind } from '../domain/transfer.ts';
import { TOLD, type ToldTransfer } from './told-transfer.ts';

export interface StatementRow extends ToldTransfer {
  seq: number;
  /** Change of what the account holds; positive = gained. */
  points: number;
  /** Change of what is pending beside it. */
  pendingPoints: number;
}

export interface StatementPage {
  order: 'newest_first' | 'oldest_first';
  /** Number of the last transfer of the page before; null = begin. */
  after: number | null;
  limit: number;
  /** Only these; null = all. */
  kinds: readonly TransferKind[] | null;
  /** ISO 8601: only what happened from then on, and before then. */
  from: string | null;
  until: string | null;
}

/** A customer's transfers in the order of their numbers. */
export const readStatement = (db: Queryable, customerId: string, page: StatementPage): Promise<StatementRow[]> => {
  const { order, after, limit, kinds, from, until } = page;
  const newest = order === 'newest_first';
  return db<StatementRow[]>`
    select ${db.unsafe(TOLD)}, seq,
      case 'customer' when credit then amount when debit then -amount else 0 end as points,
      case 'pending' when credit then amount when debit then -amount else 0 end as "pendingPoints"
    from transfer
    where customer_id = ${customerId}
      and ${after === null ? db`true` : newest ? db`seq < ${after}::bigint` : db`seq > ${after}::bigint`}
      and (${kinds === null} or kind = any(${textArray(kinds ?? [])}::text[]))
      and (${from === null} or occurred_at >= ${from}::timestamptz)
      and (${until === null} or occurred_at < ${until}::timestamptz)
    order by ${newest ? db`seq desc` : db`seq`} limit ${limit}`;
};
