import type { Queryable } from '@vafa/bus';
import type { TransferKind } from '../domain/transfer.ts';

export interface StatementRow {
  entryId: string;
  seq: number;
  kind: TransferKind;
  /** Positive = gained. */
  points: number;
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
  actor: string | null;
  reason: string | null;
}

/** A customer's transfers before the given number, newest first. */
export const readStatement = (
  db: Queryable,
  customerId: string,
  page: { beforeSeq: number | null; limit: number },
): Promise<StatementRow[]> =>
  db<StatementRow[]>`
    select id as "entryId", seq, kind, case when credit = 'customer' then amount else -amount end as points,
      balance_after as "balanceAfter", occurred_at as "occurredAt", recorded_at as "recordedAt", order_id as "orderId",
      refund_id as "refundId", reservation_id as "reservationId", lot_id as "lotId", reverses_id as "reversesId",
      rule_id as "ruleId", rule_version as "ruleVersion", actor, reason
    from transfer
    where customer_id = ${customerId} and (${page.beforeSeq}::bigint is null or seq < ${page.beforeSeq}::bigint)
    order by seq desc limit ${page.limit}`;
