import { type EventEnvelope, event, InteractionRecorded, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { openSql, serviceUrl } from '@vafa/platform';
import { cloneDatabase, givenPostgres, TEST_ROLE_SECRET } from '@vafa/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Given, recount } from '../../test/recount-by-hand.ts';
import type { PurchaseEvent } from '../domain/decide-purchases.ts';
import { makeDueTransitions } from './make-due-transitions.ts';
import { recordInteractions } from './record-interactions.ts';
import { recordPurchases } from './record-purchases.ts';

const NOW = Temporal.Instant.from('2026-11-21T08:00:00Z');
const START = Temporal.Instant.from('2024-01-01T00:00:00Z');
const LAST_DAY = 1_050;
const timeOf = (day: number): string => START.add({ hours: day * 24 }).toString();

let database: Awaited<ReturnType<typeof cloneDatabase>>;
let sql: ReturnType<typeof openSql>;
beforeAll(async () => {
  const { adminUrl, template } = givenPostgres();
  database = await cloneDatabase(adminUrl, template);
  const url = serviceUrl({ adminUrl: database.adminUrl, roleSecret: TEST_ROLE_SECRET }, 'segmentation');
  sql = openSql({ url, max: 2, name: 'recount-test', schema: 'segmentation' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

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
const life: fc.Arbitrary<Given> = fc.record({
  orders: fc.array(fc.record({ customer, currency, day, lines, totalMinor: fc.integer({ min: 0, max: 200 }) }), {
    maxLength: 9,
  }),
  refunds: fc.array(
    fc.record({
      customer,
      currency,
      day,
      lines,
      // One beyond the orders that there can be: some refunds never find theirs.
      order: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
      scope: fc.constantFrom('whole' as const, 'amount' as const, 'lines' as const),
      amountMinor: fc.integer({ min: 1, max: 250 }),
    }),
    { maxLength: 5 },
  ),
  interactions: fc.array(fc.record({ customer, day }), { maxLength: 4 }),
});

/** How the events are delivered: any order, some twice, in any batches, with a sweep after some. */
const delivery = fc.record({
  ranks: fc.array(fc.integer(), { minLength: 40, maxLength: 40 }),
  repeats: fc.array(fc.nat(), { maxLength: 6 }),
  batches: fc.array(fc.record({ size: fc.integer({ min: 1, max: 8 }), sweep: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  }),
});

/** Customers and ids of one run, apart from those of other runs. */
const eventsOf = (given: Given, run: string): EventEnvelope[] => {
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

const deliver = async (events: readonly EventEnvelope[]): Promise<void> => {
  const interactions = events.filter(({ type }) => type === InteractionRecorded.type);
  const purchases = events.filter(({ type }) => type !== InteractionRecorded.type);
  if (purchases.length > 0)
    await sql.begin((tx) => recordPurchases(tx, purchases as PurchaseEvent[], { lookBackOrders: 1_000 }));
  if (interactions.length > 0) await sql.begin((tx) => recordInteractions(tx, interactions as never, NOW));
};
const sweep = async (): Promise<void> => {
  while ((await makeDueTransitions(sql, { from: undefined, now: NOW, portion: 3 })) > 0);
};

const kept = async (customerId: string) => {
  const [row] =
    await sql`select orders, items, interactions, state, extract(epoch from first_order_at)::float8 as first,
      extract(epoch from previous_order_at)::float8 as previous, extract(epoch from last_order_at)::float8 as last,
      extract(epoch from last_interaction_at)::float8 as interaction
    from customer_metric where customer_id = ${customerId}`;
  const spend =
    await sql`select currency, gross_minor, refunded_minor from customer_spend where customer_id = ${customerId}
    order by currency`;
  const voids =
    await sql`select order_id from purchase where customer_id = ${customerId} and is_void order by order_id`;
  return {
    ...(row ?? {}),
    spend: spend.map((each) => [each.currency, each.gross_minor, each.refunded_minor]),
    voids: voids.map((each) => each.order_id),
  };
};

/** What was told of a customer's lifecycle makes one unbroken way to where they stand. */
const expectUnbroken = async (customerId: string, state: string): Promise<void> => {
  const told = await sql<
    { headers: string; value: string }[]
  >`select headers, value from outbox where key = ${customerId} order by id`;
  let [at, time] = ['prospect', ''];
  for (const { headers, value } of told) {
    const { from, to } = JSON.parse(value);
    const when = Temporal.Instant.from(JSON.parse(headers).ce_time).toString({ smallestUnit: 'millisecond' });
    expect(from).toBe(at);
    expect(to).not.toBe(from);
    expect(when >= time).toBe(true);
    [at, time] = [to, when];
  }
  expect(at).toBe(state);
  const ids = told.map(({ headers }) => JSON.parse(headers).ce_id);
  expect(new Set(ids).size).toBe(ids.length);
};

let runs = 0;

test('any order of arrival, any repeats and any batches give what counting by hand gives', async () => {
  await fc.assert(
    fc.asyncProperty(life, delivery, async (given, { ranks, repeats, batches }) => {
      runs += 1;
      const run = `run${runs}-`;
      const once = eventsOf(given, run);
      const twice = repeats.flatMap((n) => once[n % Math.max(1, once.length)] ?? []);
      const arriving = [...once, ...twice].sort(
        (a, b) => (ranks[once.indexOf(a)] ?? 0) - (ranks[once.indexOf(b)] ?? 0),
      );
      for (let at = 0, n = 0; at < arriving.length; n++) {
        const batch = batches[n % batches.length] ?? { size: 1, sweep: false };
        await deliver(arriving.slice(at, at + batch.size));
        if (batch.sweep) await sweep();
        at += batch.size;
      }
      await sweep();
      for (const name of ['a', 'b']) {
        const expected = recount(given, name, run, (on) => Temporal.Instant.from(timeOf(on)), NOW);
        const found = await kept(`${run}${name}`);
        expect(found).toEqual(expected);
        if ('state' in found) await expectUnbroken(`${run}${name}`, String(found.state));
      }
    }),
    { numRuns: 120 },
  );
}, 120_000);
