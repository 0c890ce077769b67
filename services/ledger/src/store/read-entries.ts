import type { Queryable } from '@vafa/bus';
import type { Explanation } from '../domain/rules/explanation.ts';
import type { TransferKind } from '../domain/transfer.ts';
import { firstIdAt } from './finance.ts';
import { isoOfMs } from './instants.ts';

/** A transfer as accountants read it. */
export interface EntryRow {
  entryId: string;
  customerId: string;
  /** The how-many-th of its customer. */
  number: number;
  kind: TransferKind;
  debit: string;
  credit: string;
  amount: number;
  balanceAfter: number;
  occurredAt: string;
  recordedAt: string;
  orderId: string | null;
  refundId: string | null;
  reservationId: string | null;
  lotId: string | null;
  reversesId: string | null;
  pairId: string | null;
  ruleId: string | null;
  ruleVersion: number | null;
  explanation: Explanation | null;
  actor: string | null;
  reason: string | null;
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
    select id as "entryId", customer_id as "customerId", seq as number, kind, debit, credit, amount,
      balance_after as "balanceAfter", occurred_at as "occurredAt", recorded_at as "recordedAt", order_id as "orderId",
      refund_id as "refundId", reservation_id as "reservationId", lot_id as "lotId", reverses_id as "reversesId",
      pair_id as "pairId", rule_id as "ruleId", rule_version as "ruleVersion", explanation, actor, reason
    from transfer
    where id >= ${firstIdAt(range.fromMs ?? 0)}::uuid
      and (${range.untilMs === null} or id < ${firstIdAt(range.untilMs ?? 0)}::uuid)
      and (${page.afterId === null} or id > ${page.afterId}::uuid)
      and recorded_at <= ${isoOfMs(range.recordedByMs)}::timestamptz
    order by id limit ${page.limit}`;
