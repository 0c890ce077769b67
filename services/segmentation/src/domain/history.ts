import { type Buying, NOTHING_BOUGHT, withOrder } from './buying.ts';
import { setAgainstNewest } from './loose-refund.ts';
import { isVoid, type OpenOrder, openOrder, takeAll, takeItems, takeMoney } from './open-order.ts';
import { itemsOf, type Order } from './order.ts';
import type { Refund } from './refund.ts';

/** The orders and refunds of one customer, in any order. */
export interface History {
  orders: readonly Order[];
  refunds: readonly Refund[];
}

/** applied · waiting: its order has not arrived · mismatched: its order is in another currency, so it has no effect. */
export type RefundStatus = 'applied' | 'waiting' | 'mismatched';

/** What became of one order. */
export interface OrderBalance {
  refundedMinor: number;
  isVoid: boolean;
}

/** What a history amounts to. */
export interface Tally {
  buying: Buying;
  /** Paid back, per currency. */
  refundedMinor: ReadonlyMap<string, number>;
  balances: ReadonlyMap<string, OrderBalance>;
  statuses: ReadonlyMap<string, RefundStatus>;
}

const byTime = <Item extends { occurredAt: Temporal.Instant }>(
  items: readonly Item[],
  idOf: (item: Item) => string,
): Item[] =>
  [...items].sort((a, b) => {
    const gapMs = a.occurredAt.epochMilliseconds - b.occurredAt.epochMilliseconds;
    if (gapMs !== 0) return gapMs;
    return idOf(a) < idOf(b) ? -1 : 1;
  });

/**
 * Counts a history from the start. Refunds are set against orders in the order in which they happened, however they
 * arrived, so the same purchases and refunds always give the same result.
 */
export const tally = ({ orders, refunds }: History): Tally => {
  const oldestFirst = byTime(orders, ({ orderId }) => orderId).map(openOrder);
  const newestFirst = oldestFirst.toReversed();
  const byId = new Map(oldestFirst.map((open) => [open.order.orderId, open]));
  const statuses = new Map<string, RefundStatus>();
  const refundedMinor = new Map<string, number>();
  const addRefunded = (currency: string, amountMinor: number): void => {
    if (amountMinor > 0) refundedMinor.set(currency, (refundedMinor.get(currency) ?? 0) + amountMinor);
  };

  for (const refund of byTime(refunds, ({ refundId }) => refundId)) {
    const open = refund.orderId === undefined ? undefined : byId.get(refund.orderId);
    statuses.set(refund.refundId, statusOf(refund, open));
    if (refund.orderId === undefined) addRefunded(refund.currency, setAgainstNewest(refund, newestFirst));
    else if (open && open.order.currency === refund.currency) setAgainst(refund, open);
  }

  let buying = NOTHING_BOUGHT;
  const balances = new Map<string, OrderBalance>();
  for (const open of oldestFirst) {
    const { orderId, currency, totalMinor, occurredAt } = open.order;
    const balance = { refundedMinor: totalMinor - open.leftMinor, isVoid: isVoid(open) };
    balances.set(orderId, balance);
    addRefunded(currency, balance.refundedMinor);
    if (!balance.isVoid) buying = withOrder(buying, occurredAt, itemsOf(open.leftQuantities));
  }
  return { buying, refundedMinor, balances, statuses };
};

const statusOf = (refund: Refund, open: OpenOrder | undefined): RefundStatus => {
  if (refund.orderId === undefined) return 'applied';
  if (!open) return 'waiting';
  return open.order.currency === refund.currency ? 'applied' : 'mismatched';
};

const setAgainst = (refund: Refund, open: OpenOrder): void => {
  if (refund.scope === 'whole') {
    takeAll(open);
    return;
  }
  takeMoney(open, refund.amountMinor);
  for (const { sku, quantity } of refund.lines) takeItems(open, sku, quantity);
};
