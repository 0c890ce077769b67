import type { Explanation } from '../domain/rules/explanation.ts';
import type { TransferKind } from '../domain/transfer.ts';

/** A transfer as everybody is told it who reads the book. */
export interface ToldTransfer {
  entryId: string;
  kind: TransferKind;
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

/** Columns of the table `transfer` that make it. */
export const TOLD = `id as "entryId", kind, balance_after as "balanceAfter", occurred_at as "occurredAt",
  recorded_at as "recordedAt", order_id as "orderId", refund_id as "refundId", reservation_id as "reservationId",
  lot_id as "lotId", reverses_id as "reversesId", rule_id as "ruleId", rule_version as "ruleVersion", explanation, actor, reason`;
