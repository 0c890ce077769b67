import type { LoadedHistory } from './book.ts';
import { combined } from './buying.ts';
import type { Customer } from './customer.ts';
import type { SpendDelta } from './customer-draft.ts';
import { type OrderBalance, type RefundStatus, tally } from './history.ts';
import { laterOf } from './moment.ts';
import { afterEvent, type Change } from './standing.ts';
import type { Settings } from './thresholds.ts';

/** A customer with what they bought. */
export interface MergeSide {
  customer: Customer;
  history: LoadedHistory;
}

/** What a merge changes beyond moving the rows from one customer to the other. */
export interface Merged {
  customer: Customer;
  changes: Change[];
  changedBalances: [orderId: string, balance: OrderBalance][];
  changedStatuses: [refundId: string, status: RefundStatus][];
  spend: SpendDelta[];
}

/**
 * Makes `from` live on in `into`: everything is counted as if it had always been one customer, so a refund of one record
 * now finds its order under the other. The step in the lifecycle, if it is one, happens at the time of the merge.
 */
export const mergeCustomers = (from: MergeSide, into: MergeSide, settings: Settings, at: Temporal.Instant): Merged => {
  const isWhole = from.history.complete && into.history.complete;
  const apart = [tally(from.history), tally(into.history)] as const;
  const together = tally({
    orders: [...from.history.orders, ...into.history.orders],
    refunds: [...from.history.refunds, ...into.history.refunds],
  });
  // Of a record with more orders than are looked back at, the sums stay as they are.
  const buying = isWhole ? together.buying : combined(from.customer.buying, into.customer.buying);
  const moment = laterOf(from.customer.standing.asOf, at);
  const moved = afterEvent(into.customer.standing, into.customer.buying, buying, settings, moment, { kind: 'merge' });
  const customer = {
    customerId: into.customer.customerId,
    buying,
    looseRefundAt: into.customer.looseRefundAt
      ? laterOf(from.customer.looseRefundAt, into.customer.looseRefundAt)
      : from.customer.looseRefundAt,
    standing: moved.standing,
  };
  const unchanged = { customer, changes: moved.changes, changedBalances: [], changedStatuses: [], spend: [] };
  if (!isWhole) return unchanged;

  const balanceApart = (orderId: string) => apart[0].balances.get(orderId) ?? apart[1].balances.get(orderId);
  const statusApart = (refundId: string) => apart[0].statuses.get(refundId) ?? apart[1].statuses.get(refundId);
  return {
    ...unchanged,
    changedBalances: [...together.balances].filter(([orderId, { refundedMinor, isVoid }]) => {
      const before = balanceApart(orderId);
      return before?.refundedMinor !== refundedMinor || before.isVoid !== isVoid;
    }),
    changedStatuses: [...together.statuses].filter(([refundId, status]) => statusApart(refundId) !== status),
    spend: [
      ...new Set(
        apart.flatMap(({ refundedMinor }) => [...refundedMinor.keys()]).concat(...together.refundedMinor.keys()),
      ),
    ]
      .map((currency) => {
        const before = (apart[0].refundedMinor.get(currency) ?? 0) + (apart[1].refundedMinor.get(currency) ?? 0);
        return { currency, grossMinor: 0, refundedMinor: (together.refundedMinor.get(currency) ?? 0) - before };
      })
      .filter(({ refundedMinor }) => refundedMinor !== 0),
  };
};
