import type { Tx } from '@vafa/bus';
import type { Book, LoadedHistory } from '../domain/book.ts';
import type { Customer } from '../domain/customer.ts';
import type { PurchaseEvent } from '../domain/decide-purchases.ts';
import { isEarlier, momentOf } from '../domain/moment.ts';
import type { Order } from '../domain/order.ts';
import { latestSettings } from '../domain/thresholds.ts';
import { findNewestOrders, findOrders, type StoredOrder } from '../store/orders.ts';
import { findCustomersWaitingFor, findNewestRefunds, findRefunds } from '../store/refunds.ts';
import { holdSettings } from '../store/settings.ts';
import { holdCustomers } from './hold-customers.ts';

export interface LoadedBook {
  book: Book;
  /** What lifecycle_due says of each customer. */
  dueAt: ReadonlyMap<string, Temporal.Instant | undefined>;
}

/** Loads all that a batch touches, a statement per table, with its customers locked. */
export const loadBook = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  lookBackOrders: number,
): Promise<LoadedBook> => {
  const settings = await holdSettings(tx);
  const sightings = events.map((event) => ({ customerId: event.data.customerId, at: momentOf(event) }));
  const { stored, erasedAt } = await holdCustomers(tx, sightings, latestSettings(settings).version);
  const customers = new Map([...stored].map(([customerId, { customer }]) => [customerId, customer]));

  const orderIds = [...new Set(events.flatMap(({ data }) => (data.orderId === undefined ? [] : [data.orderId])))];
  const refundIds = events.flatMap(({ type, data }) => (type === 'purchase.refunded' ? [data.refundId] : []));
  const found = await findOrders(tx, orderIds);
  const orders = new Map(found.map((order) => [order.orderId, order]));
  const refunds = new Map(refundIds.length > 0 ? await findRefunds(tx, refundIds) : []);
  const isKnown = ({ type, data }: PurchaseEvent): boolean =>
    type === 'purchase.completed' ? orders.has(data.orderId) : refunds.has(data.refundId);
  const fresh = events.filter((event) => !isKnown(event));
  const entangled = entangledBy(fresh, customers);
  for (const customerId of await findCustomersWaitingFor(tx, orderIds)) entangled.add(customerId);
  const histories = entangled.size > 0 ? await loadHistories(tx, [...entangled], lookBackOrders, found) : new Map();
  return {
    book: { settings, customers, erasedAt, orders, refunds, histories },
    dueAt: new Map([...stored.values()].map(({ customer, dueAt }) => [customer.customerId, dueAt])),
  };
};

/** Customers whose orders don't just add up: a refund comes, or may reach back to an order that is told late. */
const entangledBy = (events: readonly PurchaseEvent[], customers: ReadonlyMap<string, Customer>): Set<string> => {
  const entangled = new Set<string>();
  for (const event of events) {
    const customer = customers.get(event.data.customerId);
    if (!customer) continue;
    const { looseRefundAt } = customer;
    const isReached = looseRefundAt !== undefined && !isEarlier(looseRefundAt, momentOf(event));
    if (event.type === 'purchase.refunded' || isReached) entangled.add(customer.customerId);
  }
  return entangled;
};

/** The newest orders and refunds of these customers, and the orders that are named, however old. */
export const loadHistories = async (
  tx: Tx,
  customerIds: readonly string[],
  lookBackOrders: number,
  named: readonly StoredOrder[] = [],
): Promise<Map<string, LoadedHistory>> => {
  const orders = await findNewestOrders(tx, customerIds, lookBackOrders);
  const refunds = await findNewestRefunds(tx, customerIds, lookBackOrders);
  const ordersOf = Map.groupBy(orders, ({ customerId }) => customerId);
  const refundsOf = Map.groupBy(refunds, ({ customerId }) => customerId);
  const namedOf = Map.groupBy(named, ({ customerId }) => customerId);
  return new Map(
    customerIds.map((customerId) => {
      const newest = ordersOf.get(customerId) ?? [];
      const found = new Set(newest.map(({ orderId }) => orderId));
      const older = (namedOf.get(customerId) ?? []).filter(({ orderId }) => !found.has(orderId)) as Order[];
      const returned = refundsOf.get(customerId) ?? [];
      const complete = newest.length < lookBackOrders && returned.length < lookBackOrders;
      return [customerId, { orders: [...newest, ...older], refunds: returned, complete }];
    }),
  );
};
