import { prepareAndHandle, type Sql, type Subscription, type Tx } from '@vafa/bus';
import { event, InteractionRecorded, Topics } from '@vafa/contracts';
import { createTogether } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { subscriptions } from '../events/subscriptions.ts';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import {
  type Begin,
  beginOn,
  GROWING,
  keptPlanOf,
  nodesOf,
  PLANNED_ANEW,
  type PlanNode,
  type Plans,
  plansOf,
  trapsOf,
} from '../test/kept-plans.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { createRedemptionDecider } from '../use-cases/decide-redemptions.ts';
import { forgetCustomer } from '../use-cases/forget-customer.ts';
import { forgetOldInteractions } from '../use-cases/forget-old-interactions.ts';
import { mergeCustomers } from '../use-cases/merge-customers.ts';
import type { Deed, Redeemed } from '../use-cases/redemptions.ts';
import { findOrdersOf } from './coupon-redemptions.ts';
import { findOverlooked } from './refunds.ts';

/**
 * The trap of generic plans: after five runs PostgreSQL may plan a prepared statement without looking at what it is given. Of
 * `unnest` it then expects ten rows instead of a thousand, and joins tables by nested loops: a batch fell to a third of its
 * speed. Looked for are the plans and not the time, so that the test says the same on every machine.
 */

const BATCH = 1_000;
const RUNS = PLANNED_ANEW + 3;
/** What books: each must be among the statements looked at, or the test has lost sight of it. */
const WRITES = [
  ...['insert into purchase', 'insert into balance', 'insert into transfer', 'insert into lot', 'insert into outbox'],
  ...['insert into seal', 'insert into refund', 'update purchase', 'update balance', 'insert into reservation'],
  ...['insert into idempotency_key', 'update idempotency_key', 'delete from idempotency_key', 'insert into allocation'],
  ...['update reservation r set status', 'update reservation r set given_back', 'insert into points_payment'],
  'update points_payment',
];
/** What booking asks and writes before it decides anything: its plan is kept from the first run on. */
const KEPT = ['as version', 'insert into purchase', 'insert into balance as b'];
/** What redemptions look up. */
const READS = [
  ...['for update skip locked', 'select customer_id as "customerId" from balance', 'order by id for update'],
  ...['from points_payment', 'from allocation', 'lot_id from allocation', 'from purchase p'],
  ...['select distinct customer_id', "status = 'captured'"],
];
/** What finds the orders of customers who name none. */
const UNNAMED = 'select distinct on (p.order_id)';
/** What finds those that are open for later orders, and when the next of them is to be closed. */
const OPEN = 'open_until > ';
const NEXT_CLOSING = 'min(open_until)';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({
    returns: { policy: 'allow_negative', spentPoints: 'proportional' },
    pointValues: [{ currency: 'EUR', minor: 1, perPoints: 1 }],
  });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const currentRules = createCurrentRules();
const refunds = { lookBackPurchases: 50, openDays: 7 };
const heard = subscriptions({ currentRules, refunds, countOutcomes: () => undefined });
const purchases = heard.find(({ topic }) => topic === Topics.purchases) as Subscription;
const interactions = heard.find(({ topic }) => topic === Topics.interactions) as Subscription;
let orders = 0;

/** A batch of purchases, one of which costs nothing and is refunded at once, and refunds of a few of the one before. */
const batchOf = (size: number) => {
  const refunded = orders;
  const purchases = Array.from({ length: size }, (_, i) => purchase(`customer-${i}`, `order-${++orders}`, 1_000));
  const refunds = purchases
    .slice(0, refunded === 0 ? 0 : size / 20)
    .map(({ subject }, i) =>
      refund(subject, `refund-${orders}-${i}`, { orderId: `order-${refunded - size + 1 + i}`, scope: 'whole' }),
    );
  const free = purchase('customer-0', `free-${orders}`, 0);
  return [
    ...purchases,
    ...refunds,
    free,
    refund('customer-0', `refund-${free.id}`, { orderId: `free-${orders}`, scope: 'whole' }),
    refund('customer-1', `unnamed-${free.id}`, { scope: 'amount', amountMinor: 1 }),
    // They stay open: the customer's later orders are taken, or looked at.
    refund('customer-1', `unknown-${free.id}`, { scope: 'lines', lines: [{ sku: 'x', quantity: 1, amountMinor: 1 }] }),
    refund('customer-3', `more-${free.id}`, { scope: 'amount', amountMinor: 1_000_000 }),
    // The next order has the rest of it.
    refund('customer-60', `most-${free.id}`, { scope: 'amount', amountMinor: 1_100 }),
  ];
};

/** Customers who redeem points in each run. */
const REDEEMERS = 20;

/** Asks for several deeds at once, through the door of redemptions. */
const createRedeemers = (begin: Begin) => {
  const together = createTogether({
    context: { sql: { begin } as unknown as Sql, clock: ledger.clock, wake: () => undefined },
    ...{ places: 1, most: REDEEMERS, maxUnanswered: REDEEMERS },
    decider: createRedemptionDecider(ledger.clock, { currentRules, maxTtlSeconds: 900 }),
  });
  const reply = { code: () => reply, header: () => reply };
  let keys = 0;
  return (deeds: readonly Deed[]): Promise<PromiseSettledResult<Redeemed>[]> =>
    Promise.allSettled(
      deeds.map((deed) => {
        const request = { method: 'POST', url: '/', body: deed, headers: { 'idempotency-key': `key-${++keys}` } };
        return together.answer(request as never, reply as never, 200, { deed, caller: { actor: 'test' } });
      }),
    );
};

/** Reserves and captures, by points and by money; some are refused. */
const redeemSome = async (redeem: ReturnType<typeof createRedeemers>): Promise<void> => {
  const held = await redeem(
    Array.from({ length: REDEEMERS }, (_, i): Deed => {
      // The first one's order was refunded before; of the others nothing is refunded, so that they don't run out of points.
      const customerId = i === 0 ? 'customer-0' : `customer-${BATCH / 2 + i}`;
      if (i % 3 === 0) return { kind: 'pay', customerId, currency: 'EUR', amountMinor: 2, orderId: `free-${orders}` };
      if (i === 2) return { kind: 'reserve', customerId: 'nobody', points: 1 };
      return { kind: 'reserve', customerId, points: i % 3 === 1 ? 2 : 1_000_000 };
    }),
  );
  const ended = held.flatMap((each, i): Deed[] => {
    if (each.status === 'rejected') return [];
    const { reservationId } = each.value;
    return [i % 3 === 0 ? { kind: 'capture_payment', reservationId } : { kind: 'capture', reservationId, points: 1 }];
  });
  expect(ended.length).toBeGreaterThan(REDEEMERS / 2);
  const answers = await redeem(ended);
  expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
};

/** Books on one connection of the service's pool, as its doors do, and tells how each statement was planned. */
const bookAndLook = async (): Promise<Plans[]> => {
  const connection = await ledger.sql('ledger').reserve();
  try {
    const begin = beginOn(connection);
    const now = ledger.clock.now();
    const context = { group: 'vafa.ledger', topic: 'vafa.purchases', partition: 0, now };
    const redeem = createRedeemers(begin);
    for (let run = 0; run < RUNS; run++) {
      const events = batchOf(BATCH);
      const { refused } = await begin('', (tx) => prepareAndHandle(purchases, tx, events, context), '');
      expect(refused).toEqual([]);
      await redeemSome(redeem);
    }
    return await plansOf(connection);
  } finally {
    connection.release();
  }
};

test('every session of the ledger plans each run anew', async () => {
  const [row] = await ledger.sql('ledger')<{ plan_cache_mode: string }[]>`show plan_cache_mode`;
  expect(row?.plan_cache_mode).toBe('force_custom_plan');
});

test('no query of the ledger takes several processors', async () => {
  const [row] = await ledger.sql('ledger')<{ max: string }[]>`
    select current_setting('max_parallel_workers_per_gather') as max`;
  expect(row?.max).toBe('0');
});

test('what is planned once has a plan for one row and for thousands', async () => {
  const plans = await bookAndLook();
  for (const each of [...WRITES, ...READS, OPEN, NEXT_CLOSING])
    expect(
      plans.some(({ statement }) => statement.includes(each)),
      each,
    ).toBe(true);
  const kept = plans.filter(({ generic }) => generic > 0);
  expect(kept.length).toBeGreaterThan(10);
  for (const { statement } of kept)
    expect(trapsOf(await keptPlanOf(ledger.sql('ledger'), statement)), statement).toEqual([]);
  for (const each of KEPT)
    expect(
      plans.find(({ statement }) => statement.includes(each)),
      each,
    ).toMatchObject({ custom: 0 });
  // What is decided event by event keeps its plans, too.
  const decided = kept.find(({ statement }) => statement.includes('update purchase p set refunded_minor'));
  expect(decided).toMatchObject({ custom: 0 });
  const unnamed = plans.find(({ statement }) => statement.includes(UNNAMED))?.statement ?? '';
  const nodes = nodesOf(await keptPlanOf(ledger.sql('ledger'), unnamed));
  expect(nodes.filter((node) => node['Relation Name'] === 'purchase').length).toBeGreaterThan(1);
  expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
});

test('who is merged or erased is found without reading any table to its end', async () => {
  const connection = await ledger.sql('ledger').reserve();
  try {
    const now = ledger.clock.now();
    const occurredAt = now.toString();
    await connection`begin`;
    const tx = connection as unknown as Tx;
    const merge = { customerId: 'customer-1', intoCustomerId: 'customer-2', occurredAt };
    await mergeCustomers(tx, merge, 'api', now, { currentRules, refunds });
    await forgetCustomer(tx, { customerId: 'customer-2', occurredAt }, 'api', now, { currentRules });
    const statements = await connection.unsafe<{ statement: string }[]>(`select statement from pg_prepared_statements
      where cardinality(parameter_types) > 0 and statement ~ '(from|join|update|into) (${GROWING.join('|')})\\M'`);
    await connection`commit`;
    for (const each of ['update lot set customer_id', 'update transfer t', 'update lot set "remaining"', OPEN])
      expect(
        statements.some(({ statement }) => statement.includes(each)),
        each,
      ).toBe(true);
    for (const { statement } of statements)
      expect(
        trapsOf(await keptPlanOf(ledger.sql('ledger'), statement)).filter((trap) => trap.startsWith('all of')),
        statement,
      ).toEqual([]);
  } finally {
    connection.release();
  }
});

test('what awaits an interaction, and what was told before it, is found without reading any table to its end', async () => {
  const programme = {
    ...PROGRAMME,
    activation: { kind: 'on_event', interactionType: 'app.opened', cancelAfterDays: 7 },
  };
  const put = await ledger.call('PUT', '/v1/programme', programme);
  expect(put.statusCode, put.body).toBe(200);
  const now = ledger.clock.now();
  const opened = (customerId: string, i: number) =>
    event(
      InteractionRecorded,
      { id: `opened-${i}`, source: '/test', time: now.subtract({ seconds: i }).toString() },
      { customerId, interactionType: 'app.opened' },
    );
  const told = Array.from({ length: BATCH }, (_, i) => opened(`customer-${i}`, i));
  const bought = Array.from({ length: BATCH }, (_, i) =>
    purchase(`customer-${i + BATCH / 2}`, `awaiting-${i}`, 1_000, { time: now.subtract({ hours: 1 }).toString() }),
  );
  const connection = await ledger.sql('ledger').reserve();
  try {
    const tx = connection as unknown as Tx;
    await connection`begin`;
    const context = { group: 'vafa.ledger', partition: 0, now };
    for (const [subscription, events] of [
      [interactions, told],
      [purchases, bought],
      [interactions, told],
    ] as const)
      expect(
        (await prepareAndHandle(subscription, tx, events, { ...context, topic: subscription.topic.name })).refused,
      ).toEqual([]);
    await forgetOldInteractions(tx, now, { keptDays: 1, maxRows: 1 }, { currentRules });
    const statements = await connection.unsafe<{ statement: string }[]>(`select statement from pg_prepared_statements
      where cardinality(parameter_types) > 0 and statement ~ 'awaited_interaction|lot.awaits'`);
    await connection`commit`;
    for (const each of ['insert into awaited_interaction', 'cross join lateral', 'lot.awaits', 'delete from awaited'])
      expect(
        statements.some(({ statement }) => statement.includes(each)),
        each,
      ).toBe(true);
    for (const { statement } of statements)
      expect(trapsOf(await keptPlanOf(ledger.sql('ledger'), statement)), statement).toEqual([]);
  } finally {
    connection.release();
  }
});

test('of a code that everybody uses no more orders are read than are told', async () => {
  const [code, told, orders] = ['EVERYBODY', 10, 5_000];
  const connection = await ledger.sql('ledger').reserve();
  try {
    await ledger.admin.unsafe(`
      insert into ledger.coupon_redemption (order_id, attempt, content_hash, status, currency, total_minor, discount_minor,
        line_discounts, actor, created_at)
      select 'used-' || i, 1, gen_random_uuid(), 'redeemed', 'EUR', 2, 1, '[]', 'test', timestamptz '${ledger.clock.now()}' + i * interval '1 second'
      from generate_series(1, ${orders}) as i;
      insert into ledger.coupon_use (order_id, attempt, code, pool_id, applied, discount_minor, live, used_at)
      select order_id, 1, '${code}', gen_random_uuid(), 1, 1, true, created_at from ledger.coupon_redemption;
      analyze ledger.coupon_redemption, ledger.coupon_use`);
    const found = await findOrdersOf(connection, code, told);
    expect(found.map(({ orderId }) => orderId)).toEqual(Array.from({ length: told }, (_, i) => `used-${orders - i}`));
    const [kept] = await connection<{ name: string }[]>`
      select name from pg_prepared_statements where statement like ${'%from coupon_use where code =%'}`;
    const [run] = await connection.unsafe<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>(
      `explain (analyze, format json) execute "${kept?.name}" ('${code}', ${told})`,
    );
    const nodes = nodesOf(run?.['QUERY PLAN'][0]?.Plan as PlanNode);
    expect(Math.max(...nodes.map((node) => node['Actual Rows'] ?? 0))).toBe(told);
  } finally {
    connection.release();
    await ledger.admin.unsafe(`delete from ledger.coupon_use where code = '${code}';
      delete from ledger.coupon_redemption where order_id like 'used-%'`);
  }
});

test('refunds that were overlooked are looked for among those that wait, not among all', async () => {
  const connection = await ledger.sql('ledger').reserve();
  try {
    await ledger.admin.unsafe(`
      insert into ledger.refund (refund_id, customer_id, content_hash, order_id, scope, currency, amount_minor, occurred_at,
        recorded_at, status)
      select 'kept-' || i, 'customer-1', gen_random_uuid(), 'unknown-' || i, 'amount', 'EUR', 1, now(), now(),
        case when i % 5 = 0 then 'waiting' else 'void' end
      from generate_series(1, 10000) as i;
      analyze ledger.refund, ledger.purchase`);
    expect(await findOverlooked(connection, 10)).toEqual([]);
    const [kept] = await connection<{ name: string }[]>`
      select name from pg_prepared_statements where statement like ${"%where status = 'waiting' and exists%"}`;
    const [run] = await connection.unsafe<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>(
      `explain (analyze, format json) execute "${kept?.name}" (10)`,
    );
    const nodes = nodesOf(run?.['QUERY PLAN'][0]?.Plan as PlanNode);
    const passedBy = nodes.map((node) => node['Rows Removed by Filter'] ?? 0);
    expect(Math.max(...passedBy)).toBeLessThanOrEqual(2_000);
    expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
  } finally {
    connection.release();
    await ledger.admin.unsafe("delete from ledger.refund where refund_id like 'kept-%'");
  }
});

test('the check would see a list that is gone through for each row of another, and a table that is read to its end', async () => {
  const lists = 'select * from unnest($1::text[]) as a (id) join unnest($2::text[]) as b (id) on a.id < b.id';
  expect(trapsOf(await keptPlanOf(ledger.sql('ledger'), lists))).toContain('Function Scan for each row');
  const scan = 'select * from purchase where currency = $1';
  expect(trapsOf(await keptPlanOf(ledger.sql('ledger'), scan))).toEqual(['all of purchase']);
});
