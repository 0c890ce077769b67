import { assert } from '@vafa/kernel';
import type { LoadedHistory } from './book.ts';
import { type Buying, withOrder } from './buying.ts';
import type { Customer } from './customer.ts';
import { type OrderBalance, type RefundStatus, type Tally, tally } from './history.ts';
import { earlierOf, laterOf } from './moment.ts';
import { itemsOf, type Order } from './order.ts';
import type { Cause } from './reason.ts';
import type { Refund } from './refund.ts';
import { afterEvent, type Change } from './standing.ts';
import type { Settings } from './thresholds.ts';

/** Money that came and went, to be added to what is on record. */
export interface SpendDelta {
  currency: string;
  grossMinor: number;
  refundedMinor: number;
}

/** A customer while a batch is decided. */
export interface CustomerDraft {
  /** As it is now. */
  readonly customer: Customer;
  /** Counts an order. Returns the steps in the lifecycle it led to. */
  addOrder(order: Order): Change[];
  /** Counts a refund; only where the history was loaded. */
  addRefund(refund: Refund): Change[];
  balanceOf(orderId: string): OrderBalance;
  statusOf(refundId: string): RefundStatus;
  /** What of the loaded history is not as it was any more. */
  changedBalances(): [orderId: string, OrderBalance][];
  changedStatuses(): [refundId: string, RefundStatus][];
  spend(): SpendDelta[];
}

const UNTOUCHED: OrderBalance = { refundedMinor: 0, isVoid: false };

export const draftCustomer = (
  known: Customer,
  history: LoadedHistory | undefined,
  settings: Settings,
): CustomerDraft => {
  let customer = known;
  const orders = [...(history?.orders ?? [])];
  const refunds = [...(history?.refunds ?? [])];
  const first = history ? tally({ orders, refunds }) : undefined;
  let latest = first;
  const gross = new Map<string, number>();

  const settle = (buying: Buying, at: Temporal.Instant, cause: Cause): Change[] => {
    const moved = afterEvent(customer.standing, customer.buying, buying, settings, at, cause);
    customer = { ...customer, buying, standing: moved.standing };
    return moved.changes;
  };

  const recount = (before: Tally): Buying => {
    latest = tally({ orders, refunds });
    return recounted(customer.buying, before.buying, latest.buying, history?.complete ?? false);
  };

  return {
    get customer() {
      return customer;
    },
    addOrder: (order) => {
      gross.set(order.currency, (gross.get(order.currency) ?? 0) + order.totalMinor);
      orders.push(order);
      // Without refunds in sight an order just adds up, which is what nearly all of them do.
      const buying = latest ? recount(latest) : withOrder(customer.buying, order.occurredAt, itemsOf(order.quantities));
      return settle(buying, order.occurredAt, { kind: 'order' });
    },
    addRefund: (refund) => {
      assert(latest, 'the history of a customer with a refund was loaded');
      refunds.push(refund);
      if (refund.orderId === undefined)
        customer = { ...customer, looseRefundAt: laterOf(customer.looseRefundAt, refund.occurredAt) };
      return settle(recount(latest), refund.occurredAt, { kind: 'refund' });
    },
    balanceOf: (orderId) => latest?.balances.get(orderId) ?? UNTOUCHED,
    statusOf: (refundId) => latest?.statuses.get(refundId) ?? 'waiting',
    changedBalances: () =>
      [...(latest?.balances ?? [])].filter(([orderId, { refundedMinor, isVoid }]) => {
        const before = first?.balances.get(orderId);
        return before !== undefined && (before.refundedMinor !== refundedMinor || before.isVoid !== isVoid);
      }),
    changedStatuses: () =>
      [...(latest?.statuses ?? [])].filter(([refundId, status]) => {
        const before = first?.statuses.get(refundId);
        return before !== undefined && before !== status;
      }),
    spend: () => spendBetween(gross, first, latest),
  };
};

/** The counts on record moved by what changed within the loaded history. */
const recounted = (onRecord: Buying, before: Buying, after: Buying, complete: boolean): Buying => {
  const { firstOrderAt } = onRecord;
  return {
    orders: onRecord.orders + after.orders - before.orders,
    items: onRecord.items + after.items - before.items,
    firstOrderAt:
      complete || !firstOrderAt || !after.firstOrderAt
        ? after.firstOrderAt
        : earlierOf(firstOrderAt, after.firstOrderAt),
    previousOrderAt: after.previousOrderAt,
    lastOrderAt: after.lastOrderAt,
  };
};

const spendBetween = (
  gross: ReadonlyMap<string, number>,
  before: Tally | undefined,
  after: Tally | undefined,
): SpendDelta[] => {
  const currencies = new Set([...gross.keys(), ...(after?.refundedMinor.keys() ?? [])]);
  return [...currencies]
    .map((currency) => ({
      currency,
      grossMinor: gross.get(currency) ?? 0,
      refundedMinor: (after?.refundedMinor.get(currency) ?? 0) - (before?.refundedMinor.get(currency) ?? 0),
    }))
    .filter(({ grossMinor, refundedMinor }) => grossMinor !== 0 || refundedMinor !== 0);
};
