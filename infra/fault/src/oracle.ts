import { type Acknowledged, MINOR_PER_POINT } from './load/deeds.ts';

/** What a customer should have, by a recomputation that shares no line with the services. */
export interface Expected {
  /** Earned, less what refunds took back, less what was spent. */
  points: number;
  earned: number;
  takenBack: number;
  spent: number;
  /** Orders that were not given back in full. */
  orders: number;
  interactions: number;
  /** Ids of all orders, in the order in which they were answered. */
  orderIds: string[];
}

const nothing = (): Expected => ({
  ...{ points: 0, earned: 0, takenBack: 0, spent: 0 },
  ...{ orders: 0, interactions: 0, orderIds: [] },
});

/** Adds up what was acknowledged, deed by deed. Customers with an unanswered deed are left out: it may have been done or not. */
export const expectedOf = (done: Acknowledged): Map<string, Expected> => {
  const customers = new Map<string, Expected>();
  const of = (customerId: string): Expected => {
    const known = customers.get(customerId);
    if (known) return known;
    const fresh = nothing();
    customers.set(customerId, fresh);
    return fresh;
  };

  const leftOf = new Map<string, number>();
  for (const { customerId, orderId, totalMinor } of done.purchases) {
    const customer = of(customerId);
    customer.earned += totalMinor / MINOR_PER_POINT;
    customer.orders += 1;
    customer.orderIds.push(orderId);
    leftOf.set(orderId, totalMinor);
  }
  // A whole refund takes what the others leave, so in sum it does not matter which came first.
  for (const { customerId, orderId, amountMinor } of done.refunds) {
    const leftMinor = leftOf.get(orderId);
    if (leftMinor === undefined) continue;
    const part = Math.min(leftMinor, amountMinor ?? leftMinor);
    const customer = of(customerId);
    customer.takenBack += part / MINOR_PER_POINT;
    leftOf.set(orderId, leftMinor - part);
    if (part > 0 && part === leftMinor) customer.orders -= 1;
  }
  for (const { customerId, points } of done.captures) of(customerId).spent += points;
  for (const { customerId } of done.interactions) of(customerId).interactions += 1;
  for (const customerId of done.unanswered) customers.delete(customerId);
  for (const customer of customers.values()) customer.points = customer.earned - customer.takenBack - customer.spent;
  return customers;
};
