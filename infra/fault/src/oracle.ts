import { type Acknowledged, MINOR_PER_POINT, type Purchase } from './load/deeds.ts';
import { TEA } from './shop.ts';

/** What a customer should have, by a recomputation that shares no line with the services. */
export interface Expected {
  /** Earned, less what refunds took back, less what was spent. */
  points: number;
  earned: number;
  takenBack: number;
  spent: number;
  /** Of `earned`, what the rule with a cap gave. */
  capped: number;
  /** Orders that were not given back in full. */
  orders: number;
  interactions: number;
  /** Ids of all orders, in the order in which they were answered. */
  orderIds: string[];
}

const nothing = (): Expected => ({
  ...{ points: 0, earned: 0, takenBack: 0, spent: 0, capped: 0 },
  ...{ orders: 0, interactions: 0, orderIds: [] },
});

interface Order {
  purchase: Purchase;
  /** Points of each entry: rounded down, and taken back, by themselves. */
  entries: number[];
  leftMinor: number;
}

interface Caps {
  /** Points that the capped rule may give to a customer. */
  capPoints: number;
  /**
   * What orders got out of the budget for all: who came first there is for the house to say. What it comes to is judged by an
   * invariant of its own.
   */
  shared: ReadonlyMap<string, number>;
}

/** Adds up what was acknowledged, deed by deed. Customers with an unanswered deed are left out: it may have been done or not. */
export const expectedOf = (done: Acknowledged, { capPoints, shared }: Caps): Map<string, Expected> => {
  const customers = new Map<string, Expected>();
  const of = (customerId: string): Expected => {
    const known = customers.get(customerId);
    if (known) return known;
    const fresh = nothing();
    customers.set(customerId, fresh);
    return fresh;
  };

  const orders = new Map<string, Order>();
  for (const purchase of done.purchases) {
    const { customerId, orderId, category, totalMinor } = purchase;
    const customer = of(customerId);
    const entries = [totalMinor / MINOR_PER_POINT];
    if (category === 'tea') {
      // A customer's orders are booked in the order in which they were answered, so it is known which one meets the cap.
      const due = Math.floor(totalMinor / TEA.capped.perMinor);
      const capped = Math.min(due, capPoints - customer.capped);
      customer.capped += capped;
      const { later, rated } = TEA;
      entries.push(capped, Math.floor(totalMinor / later.perMinor), Math.floor(totalMinor / rated.perMinor));
      entries.push(shared.get(orderId) ?? 0);
    }
    for (const points of entries) customer.earned += points;
    customer.orders += 1;
    customer.orderIds.push(orderId);
    orders.set(orderId, { purchase, entries, leftMinor: totalMinor });
  }
  // A whole refund takes what the others leave, so in sum it does not matter which came first.
  for (const { customerId, orderId, amountMinor } of done.refunds) {
    const order = orders.get(orderId);
    if (!order) continue;
    const part = Math.min(order.leftMinor, amountMinor ?? order.leftMinor);
    if (part > 0 && part === order.leftMinor) of(customerId).orders -= 1;
    order.leftMinor -= part;
  }
  for (const { purchase, entries, leftMinor } of orders.values()) {
    const { customerId, totalMinor } = purchase;
    for (const points of entries)
      of(customerId).takenBack += Math.floor((points * (totalMinor - leftMinor)) / totalMinor);
  }
  for (const { customerId, points } of [...done.captures, ...done.payments]) of(customerId).spent += points;
  for (const { customerId, points, cancelled } of done.claims) if (!cancelled) of(customerId).spent += points;
  for (const { customerId } of done.interactions) of(customerId).interactions += 1;
  for (const customerId of done.unanswered) customers.delete(customerId);
  for (const customer of customers.values()) customer.points = customer.earned - customer.takenBack - customer.spent;
  return customers;
};
