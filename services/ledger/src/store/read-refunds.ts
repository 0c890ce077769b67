import type { Queryable } from '@vafa/bus';
import { isoOf, isoOfMs, msOf } from './instants.ts';

/** A refund that was refused, as it is told. */
export interface RefusedRefund {
  refundId: string;
  /** Whose it says it is. */
  customerId: string;
  orderId: string | null;
  scope: string;
  currency: string;
  amountMinor: number | null;
  /** Code of the refusal. */
  note: string | null;
  occurredAt: string;
  recordedAt: string;
  /** The same, by which pages go on, milliseconds since 1970. */
  recordedAtMs: number;
}

/** Where a page ended. */
export interface RefundCursor {
  recordedAtMs: number;
  refundId: string;
}

/**
 * Refunds that were refused, those told last first. Nothing else tells of one that waited for its order and then did not fit it: its
 * event is long gone from the bus, so no dead letter can be made of it.
 */
export const readRefusedRefunds = async (
  db: Queryable,
  page: { after: RefundCursor | null; limit: number },
): Promise<RefusedRefund[]> => {
  const { after, limit } = page;
  const rows = await db<RefusedRefund[]>`
    select refund_id as "refundId", customer_id as "customerId", order_id as "orderId", scope, currency,
      amount_minor as "amountMinor", note, occurred_at as "occurredAt", recorded_at as "recordedAt",
      ${db.unsafe(msOf('recorded_at'))} as "recordedAtMs"
    from refund where status = 'refused' ${
      after === null
        ? db``
        : db`and (recorded_at, refund_id) < (${isoOfMs(after.recordedAtMs)}::timestamptz, ${after.refundId})`
    }
    order by recorded_at desc, refund_id desc limit ${limit}`;
  return rows.map((row) => ({ ...row, occurredAt: isoOf(row.occurredAt), recordedAt: isoOf(row.recordedAt) }));
};
