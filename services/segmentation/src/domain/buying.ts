import { earlierOf, isEarlier, laterOf } from './moment.ts';

/** What a customer's orders amount to. Orders that were refunded in full don't count. */
export interface Buying {
  orders: number;
  /** Things bought and kept. */
  items: number;
  firstOrderAt: Temporal.Instant | undefined;
  /** The order before the last one: the gap between the two tells who was won back. */
  previousOrderAt: Temporal.Instant | undefined;
  lastOrderAt: Temporal.Instant | undefined;
}

export const NOTHING_BOUGHT: Buying = {
  orders: 0,
  items: 0,
  firstOrderAt: undefined,
  previousOrderAt: undefined,
  lastOrderAt: undefined,
};

/** One order more; it may be older than what is known already. */
export const withOrder = (buying: Buying, occurredAt: Temporal.Instant, items: number): Buying => {
  const { firstOrderAt, previousOrderAt, lastOrderAt } = buying;
  const late = lastOrderAt !== undefined && isEarlier(occurredAt, lastOrderAt);
  return {
    orders: buying.orders + 1,
    items: buying.items + items,
    firstOrderAt: firstOrderAt ? earlierOf(firstOrderAt, occurredAt) : occurredAt,
    previousOrderAt: late ? laterOf(previousOrderAt, occurredAt) : lastOrderAt,
    lastOrderAt: late ? lastOrderAt : occurredAt,
  };
};

/** Two records of one customer taken together, as long as no refund of one touches an order of the other. */
export const combined = (a: Buying, b: Buying): Buying => {
  const newestFirst = [a.lastOrderAt, a.previousOrderAt, b.lastOrderAt, b.previousOrderAt]
    .filter((instant) => instant !== undefined)
    .sort((one, other) => other.epochMilliseconds - one.epochMilliseconds);
  return {
    orders: a.orders + b.orders,
    items: a.items + b.items,
    firstOrderAt:
      a.firstOrderAt && b.firstOrderAt ? earlierOf(a.firstOrderAt, b.firstOrderAt) : (a.firstOrderAt ?? b.firstOrderAt),
    previousOrderAt: newestFirst[1],
    lastOrderAt: newestFirst[0],
  };
};
