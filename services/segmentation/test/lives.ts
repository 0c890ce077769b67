import { type EventEnvelope, event, InteractionRecorded, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import fc from 'fast-check';
import type { Given } from './recount-by-hand.ts';

const START = Temporal.Instant.from('2024-01-01T00:00:00Z');
/** The last day on which something happens; day 0 is the first of 2024. */
const LAST_DAY = 1_050;
export const timeOf = (day: number): Temporal.Instant => START.add({ hours: day * 24 });

const customer = fc.constantFrom('a', 'b');
const currency = fc.constantFrom('IRR', 'IRR', 'IRR', 'EUR');
const day = fc.integer({ min: 0, max: LAST_DAY });
const lines = fc.array(
  fc.record({
    sku: fc.constantFrom('tea', 'cup'),
    quantity: fc.integer({ min: 1, max: 3 }),
    amountMinor: fc.integer({ min: 0, max: 90 }),
  }),
  { minLength: 1, maxLength: 3 },
);
const MAX_ORDERS = 9;

/** What two customers may do in some years. */
export const lives: fc.Arbitrary<Given> = fc.record({
  orders: fc.array(fc.record({ customer, currency, day, lines, totalMinor: fc.integer({ min: 0, max: 200 }) }), {
    maxLength: MAX_ORDERS,
  }),
  refunds: fc.array(
    fc.record({
      customer,
      currency,
      day,
      lines,
      // One beyond the orders that there can be: some refunds never find theirs.
      order: fc.option(fc.integer({ min: 0, max: MAX_ORDERS }), { nil: undefined }),
      scope: fc.constantFrom('whole' as const, 'amount' as const, 'lines' as const),
      amountMinor: fc.integer({ min: 1, max: 250 }),
    }),
    { maxLength: 5 },
  ),
  interactions: fc.array(fc.record({ customer, day }), { maxLength: 4 }),
});

const MAX_EVENTS = 40;

/** How events are delivered: any order, some twice, in batches of any size, with a sweep after some. */
export const deliveries = fc.record({
  ranks: fc.array(fc.integer(), { minLength: MAX_EVENTS, maxLength: MAX_EVENTS }),
  repeats: fc.array(fc.nat(), { maxLength: 6 }),
  batches: fc.array(fc.record({ size: fc.integer({ min: 1, max: 8 }), sweep: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  }),
});

/** The events of these lives; `run` begins all ids, so that runs don't meet each other in the database. */
export const eventsOf = (given: Given, run: string): EventEnvelope[] => {
  const head = (id: string, on: number) => ({ id: `${run}${id}`, source: '/shop', time: timeOf(on) });
  const who = (name: string) => `${run}${name}`;
  return [
    ...given.orders.map((each, i) =>
      event(PurchaseCompleted, head(`o${i}`, each.day), {
        customerId: who(each.customer),
        orderId: `${run}o${i}`,
        currency: each.currency,
        totalMinor: each.totalMinor,
        lines: each.lines,
      }),
    ),
    ...given.refunds.map((each, i) =>
      event(PurchaseRefunded, head(`r${i}`, each.day), {
        customerId: who(each.customer),
        refundId: `${run}r${i}`,
        ...(each.order === undefined ? {} : { orderId: `${run}o${each.order}` }),
        scope: each.scope,
        currency: each.currency,
        ...(each.scope === 'amount' ? { amountMinor: each.amountMinor } : {}),
        ...(each.scope === 'lines' ? { lines: each.lines } : {}),
      }),
    ),
    ...given.interactions.map((each, i) =>
      event(InteractionRecorded, head(`i${i}`, each.day), {
        customerId: who(each.customer),
        interactionType: 'app.opened',
      }),
    ),
  ];
};
