import type { Queryable } from '@vafa/bus';
import { textArray } from '@vafa/bus';
import type { Explanation } from '../domain/rules/explanation.ts';
import type { TransferKind } from '../domain/transfer.ts';

export interface StatementRow {
  entryId: string;
  seq: number;
  kind: TransferKind;
  /** Change of what the account holds; positive = gained. */
  points: number;
  /** Change of what is pending beside it. */
  pendingPoints: number;
  balanceAfter: number;
  occurredAt: string;
  recordedAt: string;
  orderId: string | null;
  refundId: string | null;
  reservationId: string | null;
  lotId: string | null;
  reversesId: string | null;
  ruleId: string | null;
  ruleVersion: number | null;
  explanation: Explanation | null;
  actor: string | null;
  reason: string | null;
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
    select id as "entryId", seq, kind, case 'customer' when credit then amount when debit then -amount else 0 end as points,
      case 'pending' when credit then amount when debit then -amount else 0 end as "pendingPoints",
      balance_after as "balanceAfter", occurred_at as "occurredAt", recorded_at as "recordedAt", order_id as "orderId",
      refund_id as "refundId", reservation_id as "reservationId", lot_id as "lotId", reverses_id as "reversesId",
      rule_id as "ruleId", rule_version as "ruleVersion", explanation, actor, reason
    from transfer
    where customer_id = ${customerId}
      and ${after === null ? db`true` : newest ? db`seq < ${after}::bigint` : db`seq > ${after}::bigint`}
      and (${kinds === null} or kind = any(${textArray(kinds ?? [])}::text[]))
      and (${from === null} or occurred_at >= ${from}::timestamptz)
      and (${until === null} or occurred_at < ${until}::timestamptz)
    order by ${newest ? db`seq desc` : db`seq`} limit ${limit}`;
};
