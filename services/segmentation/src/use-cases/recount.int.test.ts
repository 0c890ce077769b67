import { CustomerMerged, type EventEnvelope, type EventOf, InteractionRecorded } from '@vafa/contracts';
import { openSql, serviceUrl } from '@vafa/platform';
import { cloneDatabase, givenPostgres, TEST_ROLE_SECRET } from '@vafa/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliveries, eventsOf, lives, timeOf } from '../../test/lives.ts';
import { type Given, recount } from '../../test/recount-by-hand.ts';
import { merged } from '../../test/shop.ts';
import type { PurchaseEvent } from '../domain/decide-purchases.ts';
import { makeDueTransitions } from './make-due-transitions.ts';
import { recordCustomers } from './record-customers.ts';
import { recordInteractions } from './record-interactions.ts';
import { recordPurchases } from './record-purchases.ts';

const NOW = Temporal.Instant.from('2026-11-21T08:00:00Z');
const LOOK_BACK = 1_000;

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

const take = async (events: readonly EventEnvelope[]): Promise<void> => {
  const {
    interactions = [],
    merges = [],
    purchases = [],
  } = Object.groupBy(events, ({ type }) =>
    type === InteractionRecorded.type ? 'interactions' : type === CustomerMerged.type ? 'merges' : 'purchases',
  );
  if (purchases.length > 0)
    await sql.begin((tx) => recordPurchases(tx, purchases as PurchaseEvent[], { lookBackOrders: LOOK_BACK }));
  if (interactions.length > 0)
    await sql.begin((tx) => recordInteractions(tx, interactions as EventOf<typeof InteractionRecorded>[], NOW));
  if (merges.length > 0)
    await sql.begin((tx) => recordCustomers(tx, merges as EventOf<typeof CustomerMerged>[], LOOK_BACK));
};
const sweep = async (): Promise<void> => {
  while ((await makeDueTransitions(sql, { from: undefined, now: NOW, portion: 3 })) > 0);
};

type Delivery = typeof deliveries extends fc.Arbitrary<infer Value> ? Value : never;

const deliver = async (once: readonly EventEnvelope[], { ranks, repeats, batches }: Delivery): Promise<void> => {
  const twice = repeats.flatMap((n) => once[n % Math.max(1, once.length)] ?? []);
  const arriving = [...once, ...twice].sort((a, b) => (ranks[once.indexOf(a)] ?? 0) - (ranks[once.indexOf(b)] ?? 0));
  for (let at = 0, n = 0; at < arriving.length; n++) {
    const batch = batches[n % batches.length] ?? { size: 1, sweep: false };
    await take(arriving.slice(at, at + batch.size));
    if (batch.sweep) await sweep();
    at += batch.size;
  }
  await sweep();
};

const kept = async (customerId: string) => {
  const [row] = await sql`
    select orders, items, interactions, state, extract(epoch from first_order_at)::float8 as first,
      extract(epoch from previous_order_at)::float8 as previous, extract(epoch from last_order_at)::float8 as last,
      extract(epoch from last_interaction_at)::float8 as interaction
    from customer_metric where customer_id = ${customerId}`;
  const spend = await sql`
    select currency, gross_minor, refunded_minor from customer_spend
    where customer_id = ${customerId} and (gross_minor > 0 or refunded_minor > 0) order by currency`;
  const voids = await sql`
    select order_id from purchase where customer_id = ${customerId} and is_void order by order_id`;
  return {
    ...(row ?? {}),
    spend: spend.map((each) => [each.currency, each.gross_minor, each.refunded_minor]),
    voids: voids.map((each) => each.order_id),
  };
};

/** What was told of a customer's lifecycle makes one unbroken way to where they stand. */
const expectUnbroken = async (customerId: string): Promise<void> => {
  const [row] = await sql`select state from customer_metric where customer_id = ${customerId}`;
  const told = await sql<{ headers: string; value: string }[]>`
    select headers, value from outbox where key = ${customerId} order by id`;
  let [at, time] = ['prospect', ''];
  for (const { headers, value } of told) {
    const { from, to } = JSON.parse(value);
    const when = Temporal.Instant.from(JSON.parse(headers).ce_time).toString({ smallestUnit: 'millisecond' });
    expect(from).toBe(at);
    expect(to).not.toBe(from);
    expect(when >= time).toBe(true);
    [at, time] = [to, when];
  }
  expect(at).toBe(row?.state ?? 'prospect');
  const ids = told.map(({ headers }) => JSON.parse(headers).ce_id);
  expect(new Set(ids).size).toBe(ids.length);
};

let runs = 0;
const nextRun = (): string => {
  runs += 1;
  return `run${runs}-`;
};

test('any order of arrival, any repeats and any batches give what counting by hand gives', async () => {
  await fc.assert(
    fc.asyncProperty(lives, deliveries, async (given, delivery) => {
      const run = nextRun();
      const events = eventsOf(given, run);
      await deliver(events, delivery);
      for (const name of ['a', 'b']) {
        const isKnown = events.some(({ subject }) => subject === `${run}${name}`);
        expect(await kept(`${run}${name}`)).toEqual(recount(given, name, { run, timeOf, now: NOW, isKnown }));
        await expectUnbroken(`${run}${name}`);
      }
    }),
    { numRuns: 120 },
  );
}, 120_000);

/** A refund is refused or waits, by what came first, if it names an order of the other: so none does here. */
const withoutForeignRefunds = (given: Given): Given => ({
  ...given,
  refunds: given.refunds.filter(({ order, customer }) => {
    const owner = order === undefined ? undefined : given.orders[order]?.customer;
    return owner === undefined || owner === customer;
  }),
});
const asOneCustomer = (given: Given): Given => ({
  orders: given.orders.map((each) => ({ ...each, customer: 'b' })),
  refunds: given.refunds.map((each) => ({ ...each, customer: 'b' })),
  interactions: given.interactions.map((each) => ({ ...each, customer: 'b' })),
});

test('a merge at any moment gives what counting both as one customer gives', async () => {
  await fc.assert(
    fc.asyncProperty(lives, deliveries, fc.integer({ min: 0, max: 1_050 }), async (drawn, delivery, mergedOn) => {
      const run = nextRun();
      const given = withoutForeignRefunds(drawn);
      await deliver([merged(`${run}a`, `${run}b`, timeOf(mergedOn)), ...eventsOf(given, run)], delivery);
      const expected = recount(asOneCustomer(given), 'b', { run, timeOf, now: NOW, isKnown: true });
      expect(await kept(`${run}b`)).toEqual(expected);
      expect(await kept(`${run}a`)).toMatchObject({ state: null, orders: 0, spend: [], voids: [] });
      await expectUnbroken(`${run}b`);
    }),
    { numRuns: 120 },
  );
}, 120_000);
