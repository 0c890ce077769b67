import type { Queryable } from '@vafa/bus';
import type { LotState } from '../domain/lot-at.ts';
import type { Explanation } from '../domain/rules/explanation.ts';
import { msOf } from './instants.ts';
import { keptUntil, payingOff } from './lots.ts';
import { inAnyWeek } from './weeks.ts';

/** An order as far as its points are concerned. */
export interface OrderRow {
  orderId: string;
  customerId: string;
  occurredAt: string;
  recordedAt: string;
  currency: string;
  totalMinor: number;
  refundedMinor: number;
  pointsEarned: number;
  pointsTakenBack: number;
  note: string | null;
  programmeVersion: number | null;
}

/** An entry that belongs to an order. */
export interface OrderEntryRow {
  entryId: string;
  customerId: string;
  kind: string;
  points: number;
  occurredAt: string;
  recordedAt: string;
  refundId: string | null;
  reversesId: string | null;
  ruleId: string | null;
  ruleVersion: number | null;
  explanation: Explanation | null;
  /** The lot that it brought, as its row has it; `lotAt` tells what holds of it. */
  lot: (LotState & { granted: number }) | null;
}

export interface OrderRefundRow {
  refundId: string;
  orderId: string | null;
  scope: string;
  status: string;
  note: string | null;
  occurredAt: string;
  /** [orderId, amountMinor, pointsDue, pointsTaken, pointsGivenBack] of each order that it took from. */
  matches: [string, number, number, number, number?][] | null;
  openUntil: string | null;
  /** Of its money no order had. */
  unmatchedMinor: number;
}

export const findOrder = async (db: Queryable, orderId: string): Promise<OrderRow | undefined> => {
  const [row] = await db<OrderRow[]>`
    select order_id as "orderId", customer_id as "customerId", occurred_at as "occurredAt", recorded_at as "recordedAt", currency,
      total_minor as "totalMinor", refunded_minor as "refundedMinor", points_earned as "pointsEarned",
      points_taken_back as "pointsTakenBack", note, programme_version as "programmeVersion"
    from purchase where order_id = ${orderId}`;
  return row;
};

/**
 * The entries of an order with the lots that they brought, oldest first, those of one instant as they were booked. Entries have no
 * index on orders, as earning would pay for it: they are looked for among those of the customer and of the customers merged into it.
 */
export const readOrderEntries = (
  db: Queryable,
  { orderId, customerId }: Pick<OrderRow, 'orderId' | 'customerId'>,
): Promise<OrderEntryRow[]> =>
  db<OrderEntryRow[]>`
    select t.id as "entryId", t.customer_id as "customerId", t.kind,
      case when t.credit in ('customer', 'pending') then t.amount else -t.amount end as points,
      t.occurred_at as "occurredAt", t.recorded_at as "recordedAt", t.refund_id as "refundId", t.reverses_id as "reversesId",
      t.rule_id as "ruleId", t.rule_version as "ruleVersion", t.explanation,
      case when l.id is not null then json_build_object('granted', l.granted, 'remaining', l.remaining, 'pending', l.pending,
        'absorbed', l.absorbed, 'expired', l.expired, 'keptUntilMs', ${db.unsafe(msOf(keptUntil('l')))},
        'pendingUntilMs', ${db.unsafe(msOf('l.pending_until'))}, 'awaits', l.awaits, 'payingOff', ${db.unsafe(payingOff('l'))}
      ) end as lot
    from transfer t left join lot l on l.id = t.id
    where t.order_id = ${orderId} and t.kind in ('earn', 'clawback') and ${db.unsafe(inAnyWeek('transfer', 't'))}
      and t.customer_id = any(array(
        select ${customerId}::text union all select customer_id from balance where merged_into = ${customerId}
      ))
    order by t.occurred_at, t.recorded_at, t.seq, t.id`;

/** Refunds that named the order or took something of it, oldest first. */
export const readOrderRefunds = (
  db: Queryable,
  { orderId, customerId }: Pick<OrderRow, 'orderId' | 'customerId'>,
): Promise<OrderRefundRow[]> =>
  db<OrderRefundRow[]>`
    select refund_id as "refundId", order_id as "orderId", scope, status, note, occurred_at as "occurredAt", matches,
      open_until as "openUntil", unmatched_minor as "unmatchedMinor"
    from refund
    where customer_id = ${customerId}
      and (order_id = ${orderId} or matches @> jsonb_build_array(jsonb_build_array(${orderId}::text)))
    order by occurred_at, refund_id`;
