import type { Queryable } from '@vafa/bus';
import { textArray } from '@vafa/bus';
import type { TransferKind } from '../domain/transfer.ts';
import { TOLD, type ToldTransfer } from './told-transfer.ts';
import { inAnyWeek } from './weeks.ts';

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

/** Numbers looked at beyond a page where not all are wanted; more each time, as few may be. */
const WIDER = 4;

/** Those of a customer's transfers that a page wants, with numbers from one to another, the second excluded. */
const readNumbers = (
  db: Queryable,
  customerId: string,
  [first, end]: readonly [number, number],
  { order, limit, kinds, from, until }: StatementPage,
): Promise<StatementRow[]> =>
  db<StatementRow[]>`
    select ${db.unsafe(TOLD)}, seq,
      case 'customer' when credit then amount when debit then -amount else 0 end as points,
      case 'pending' when credit then amount when debit then -amount else 0 end as "pendingPoints"
    from transfer t
    where ${db.unsafe(inAnyWeek('transfer', 't'))} and customer_id = ${customerId} and seq >= ${first}::bigint and seq < ${end}::bigint
      and (${kinds === null} or kind = any(${textArray(kinds ?? [])}::text[]))
      and (${from === null} or occurred_at >= ${from}::timestamptz)
      and (${until === null} or occurred_at < ${until}::timestamptz)
    order by ${order === 'newest_first' ? db`seq desc` : db`seq`} limit ${limit}`;

/**
 * A customer's transfers in the order of their numbers. These have no gaps, so a page of all of them is a stretch of numbers;
 * of a customer with a million transfers no more is read. Where only some are wanted, further stretches follow.
 */
export const readStatement = async (
  db: Queryable,
  customerId: string,
  page: StatementPage,
): Promise<StatementRow[]> => {
  const [account] = await db<{ seq: number }[]>`select seq from balance where customer_id = ${customerId}`;
  const last = account?.seq ?? 0;
  const newest = page.order === 'newest_first';
  // What is left to look at, the second excluded.
  let [first, end] = newest ? [1, Math.min(page.after ?? last + 1, last + 1)] : [(page.after ?? 0) + 1, last + 1];
  const rows: StatementRow[] = [];
  for (let wide = page.limit; first < end && rows.length < page.limit; wide *= WIDER) {
    const stretch = newest
      ? ([Math.max(first, end - wide), end] as const)
      : ([first, Math.min(end, first + wide)] as const);
    rows.push(...(await readNumbers(db, customerId, stretch, { ...page, limit: page.limit - rows.length })));
    if (newest) end = stretch[0];
    else first = stretch[1];
  }
  return rows;
};
