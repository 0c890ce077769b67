import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { replayPortion } from '../use-cases/replay-draft.ts';

let ledger: LedgerHarness;

const RULES = [
  {
    id: 'tea',
    name: 'Tea',
    trigger: { on: 'purchase' },
    when: { kind: 'any_line', lines: { category: ['tea'] } },
    effect: { kind: 'fixed', points: 5 },
    order: 1,
  },
  {
    id: 'silver',
    name: 'silver',
    trigger: { on: 'purchase' },
    when: { kind: 'customer_tier', in: ['silver'] },
    effect: { kind: 'multiplier', numerator: 12, denominator: 10, of: ['base'] },
    order: 2,
  },
];
const DRAFT = {
  ...PROGRAMME,
  rules: RULES,
  tiers: structure({ levels: [level('silver', 1_000)] }),
  pointValues: [{ currency: 'EUR', minor: 50, perPoints: 100 }],
};

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { LEDGER_REPLAY_PORTION_ORDERS: '3' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const draftOf = async (programme: object): Promise<string> => {
  const answer = await ledger.call('POST', '/v1/programme/drafts', { programme });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().draftId;
};
const simulate = async (body: object) => ledger.call('POST', '/v1/programme/simulations', body);
const portionOfReplay = () =>
  ledger
    .sql('ledger')
    .begin((tx) => replayPortion(tx, { now: ledger.clock.now(), portion: 5, currentRules: createCurrentRules() }));
const rowCounts = async () => {
  const sql = ledger.sql('ledger');
  const tables = ['transfer', 'lot', 'balance', 'purchase', 'outbox', 'refund', 'reservation'];
  return Promise.all(tables.map(async (table) => (await sql`select count(*) as n from ${sql(table)}`)[0]?.n));
};

test('an order is tried with a draft, a version or what is in force, with the reason, and nothing is written', async () => {
  const draftId = await draftOf(DRAFT);
  const before = await rowCounts();
  const order = {
    currency: 'EUR',
    totalMinor: 10_000,
    lines: [{ sku: 'x', quantity: 1, amountMinor: 10_000, category: 'tea' }],
  };
  const tried = await simulate({ order, draftId, customer: { tier: 'silver' } });
  expect(tried.statusCode, tried.body).toBe(200);
  expect(tried.json()).toEqual({
    draftId,
    points: 125,
    entries: [
      { ruleId: 'base', points: 120, explanation: '120 = 100 base × 1.2 silver' },
      { ruleId: 'tea', points: 5, explanation: '5 = 5 Tea' },
    ],
    note: null,
    cappedAway: [],
  });
  expect((await simulate({ order, draftId })).json()).toMatchObject({ points: 105 });
  const waiting = await draftOf({
    ...{ ...PROGRAMME, expiresAfterDays: 10, activation: { kind: 'after', amount: 36, unit: 'hours' } },
  });
  expect((await simulate({ order, draftId: waiting })).json().entries).toEqual([
    {
      ruleId: 'base',
      points: 100,
      explanation: '100 = 100 base',
      activatesAt: '2026-11-22T20:00:00Z',
      expiresAt: '2026-12-02T22:59:59.999Z',
    },
  ]);
  expect((await simulate({ order })).json()).toMatchObject({ version: 1, points: 100 });
  expect((await simulate({ order: { currency: 'USD', totalMinor: 5 }, version: 1 })).json()).toMatchObject({
    points: 0,
    note: 'no_rate',
  });
  expect((await simulate({ order, draftId, version: 1 })).json()).toMatchObject({ code: 'ledger.simulation_of_two' });
  expect((await simulate({ order, version: 99 })).json()).toMatchObject({ code: 'ledger.no_programme' });
  expect(await rowCounts()).toEqual(before);
});

test('a draft is replayed on the orders of the last days: points, cost, customers and rules', async () => {
  const line = (category?: string) => ({ sku: 'x', quantity: 1, amountMinor: 100, ...(category ? { category } : {}) });
  await ledger.publish([
    purchase('ann', 'ann-1', 10_000, { lines: [line('tea')], time: '2026-11-20T10:00:00Z' }),
    purchase('ann', 'ann-2', 5_000, { time: '2026-11-19T10:00:00Z' }),
    purchase('ann', 'ann-old', 90_000, { time: '2026-10-01T10:00:00Z' }),
    purchase('bob', 'bob-1', 2_000, { lines: [line('coffee')], time: '2026-11-18T10:00:00Z' }),
    purchase('carl', 'carl-1', 300, { currency: 'USD', time: '2026-11-18T11:00:00Z' }),
    ...Array.from({ length: 5 }, (_, i) => purchase('dora', `dora-${i}`, 1_000, { time: `2026-11-1${i}T10:00:00Z` })),
  ]);
  await ledger.settle();
  const half = { ...DRAFT, rates: [{ currency: 'EUR', points: 1, perMinor: 200 }] };
  const draftId = await draftOf(half);
  const before = await rowCounts();
  ledger.clock.advance({ seconds: 1 });
  const asked = await ledger.call('POST', `/v1/programme/drafts/${draftId}/replays`, { days: 30 });
  expect(asked.statusCode, asked.body).toBe(202);
  expect(asked.json()).toMatchObject({ status: 'queued', progress: { ordersDone: 0, ordersTotal: null } });
  const url = `/v1/programme/replays/${asked.json().replayId}`;
  // What is booked while it runs is left out.
  await ledger.send(purchase('late', 'late-1', 7_000, { time: '2026-11-20T10:00:00Z' }));
  ledger.clock.advance({ seconds: 1 });
  const done = (await ledger.call('GET', url)).json();
  expect(done).toMatchObject({ status: 'done', progress: { ordersDone: 9, ordersTotal: 9 } });
  expect(done.result).toEqual({
    orders: 9,
    ordersWithoutDetails: 7,
    ordersOutOfRange: 0,
    points: { booked: 220, draft: 115 },
    byCurrency: [
      {
        currency: 'EUR',
        orders: 8,
        turnoverMinor: 22_000,
        booked: 220,
        draft: 115,
        bookedCostMinor: 110,
        draftCostMinor: 57,
      },
      {
        currency: 'USD',
        orders: 1,
        turnoverMinor: 300,
        booked: 0,
        draft: 0,
        bookedCostMinor: null,
        draftCostMinor: null,
      },
    ],
    byRule: [
      { ruleId: 'base', orders: 8, points: 110 },
      { ruleId: 'tea', orders: 1, points: 5 },
    ],
    customers: { up: 0, down: 3, same: 1 },
  });
  const after = await rowCounts();
  // Only the order that came meanwhile was booked.
  expect(after).toEqual(before.map((n, i) => (i < 4 ? Number(n) + 1 : n)));
  expect((await ledger.call('GET', `/v1/programme/drafts/${draftId}/replays`)).json().replays).toMatchObject([
    { replayId: asked.json().replayId },
  ]);
});

test('caps of a customer count through portions', async () => {
  const capped = {
    ...DRAFT,
    rates: [],
    rules: [
      {
        id: 'visit',
        name: 'Visit',
        trigger: { on: 'purchase' },
        effect: { kind: 'fixed', points: 3 },
        order: 1,
        caps: { perCustomer: [{ limit: 4, unit: 'awards', per: 'forever' }], beyond: 'reduce' },
      },
    ],
  };
  const draftId = await draftOf(capped);
  const asked = await ledger.call('POST', `/v1/programme/drafts/${draftId}/replays`, { days: 30 });
  await ledger.settle();
  const done = (await ledger.call('GET', `/v1/programme/replays/${asked.json().replayId}`)).json();
  // ann 2, bob 1, carl 1, late 1, and dora 4 of 5.
  expect(done.result).toMatchObject({ byRule: [{ ruleId: 'visit', orders: 9, points: 27 }] });
});

test('of a known customer caps go on from what they have counted, and are not counted on by trying', async () => {
  const visit = {
    id: 'visit',
    name: 'Visit',
    trigger: { on: 'purchase' },
    effect: { kind: 'fixed', points: 3 },
    order: 1,
    caps: { perCustomer: [{ limit: 4, unit: 'points', per: 'forever' }], beyond: 'reduce' },
  };
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rates: [], rules: [visit] });
  await ledger.send(purchase('eve', 'eve-1', 100));
  const order = { currency: 'EUR', totalMinor: 100 };
  for (let i = 0; i < 3; i++)
    expect((await simulate({ order, customerId: 'eve' })).json()).toMatchObject({ points: 1, cappedAway: [] });
  expect((await simulate({ order, customerId: 'stranger' })).json()).toMatchObject({ points: 3 });
  await ledger.send(purchase('eve', 'eve-2', 100));
  expect((await simulate({ order, customerId: 'eve' })).json()).toMatchObject({
    points: 0,
    note: 'capped',
    cappedAway: ['visit'],
  });
  await ledger.call('PUT', '/v1/programme', PROGRAMME);
  ledger.clock.advance({ seconds: 1 });
});

test('an order of a time without calendar is refused by name', async () => {
  const answer = await simulate({ order: { currency: 'EUR', totalMinor: 100, occurredAt: '0001-01-01T00:00:00Z' } });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ code: 'ledger.order_too_old', problems: [{ path: '/order/occurredAt' }] });
  const never = await simulate({ order: { currency: 'EUR', totalMinor: 100, occurredAt: '2026-11-21T08:00:00+03' } });
  expect(never.json()).toMatchObject({ status: 400, problems: [{ path: '/order/occurredAt' }] });
});

test('a replay goes on after a restart, and can be ended', async () => {
  const draftId = await draftOf(DRAFT);
  const ask = async () => (await ledger.call('POST', `/v1/programme/drafts/${draftId}/replays`, { days: 30 })).json();
  const [first, second] = [await ask(), await ask()];
  const cancelled = await ledger.call('POST', `/v1/programme/replays/${second.replayId}/cancel`);
  expect(cancelled.json()).toMatchObject({ status: 'cancelled' });
  expect((await ledger.call('POST', `/v1/programme/replays/${second.replayId}/cancel`)).json()).toMatchObject({
    status: 409,
    code: 'ledger.replay_over',
  });
  // Orders are laid out and one portion is gone through, then the process goes.
  for (let i = 0; i < 2; i++) await portionOfReplay();
  const url = `/v1/programme/replays/${first.replayId}`;
  expect((await ledger.call('GET', url)).json()).toMatchObject({
    status: 'running',
    progress: { ordersDone: 5, ordersTotal: 12 },
    result: { orders: 5 },
  });
  await ledger.restart('ledger');
  await ledger.settle();
  expect((await ledger.call('GET', url)).json()).toMatchObject({
    status: 'done',
    progress: { ordersDone: 12, ordersTotal: 12 },
  });
  expect((await ledger.call('GET', `/v1/programme/replays/${second.replayId}`)).json()).toMatchObject({
    status: 'cancelled',
    progress: { ordersDone: 0 },
  });
  // One that is ended in the middle keeps what it found, and nothing of what it had still to go through.
  const third = await ask();
  for (let i = 0; i < 2; i++) await portionOfReplay();
  expect(await ledger.sql('ledger')`select from replay_portion`).toHaveLength(2);
  expect((await ledger.call('POST', `/v1/programme/replays/${third.replayId}/cancel`)).json()).toMatchObject({
    status: 'cancelled',
    progress: { ordersDone: 5, ordersTotal: 12 },
  });
  expect(await ledger.sql('ledger')`select from replay_portion`).toHaveLength(0);
});

test('a replay that fails says so and does not stand in the way of others', async () => {
  const draftId = await draftOf(DRAFT);
  const ask = async () => (await ledger.call('POST', `/v1/programme/drafts/${draftId}/replays`, { days: 30 })).json();
  const [broken, sound] = [await ask(), await ask()];
  await portionOfReplay();
  await ledger.sql('ledger')`update programme_replay set definition = '{"rules":[{}],"timeZone":"UTC"}'
    where id = ${broken.replayId}`;
  await ledger.settle();
  expect(await ledger.sql('ledger')`select from replay_portion`).toHaveLength(0);
  const failed = (await ledger.call('GET', `/v1/programme/replays/${broken.replayId}`)).json();
  expect(failed).toMatchObject({ status: 'failed', progress: { ordersDone: 0 } });
  expect(failed.error).not.toBe('');
  expect((await ledger.call('GET', `/v1/programme/replays/${sound.replayId}`)).json()).toMatchObject({
    status: 'done',
  });
});

test('what can not be replayed is refused', async () => {
  const draftId = await draftOf(DRAFT);
  const ask = (days: unknown) => ledger.call('POST', `/v1/programme/drafts/${draftId}/replays`, { days });
  for (const days of [0, 367, 1.5, '30']) expect((await ask(days)).statusCode).toBe(400);
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(1)));
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([
    ...Array(5).fill(202),
    ...Array(7).fill(429),
  ]);
  await ledger.settle();
  expect((await ask(1)).statusCode).toBe(202);
  await ledger.settle();
});

test('a customer of a tier that the programme does not have is refused, not tried as one without', async () => {
  const order = { currency: 'EUR', totalMinor: 1_000 };
  const refused = await ledger.call('POST', '/v1/programme/simulations', { order, customer: { tier: 'sliver' } });
  expect(refused.statusCode).toBe(400);
  expect(refused.json()).toMatchObject({
    code: 'ledger.unknown_tier',
    problems: [{ path: '/customer/tier', message: 'is no tier of the programme' }],
  });
});

test('a rule for a tier that the programme does not have is refused where it names it', async () => {
  const { tiers: _, ...without } = DRAFT;
  for (const programme of [without, { ...DRAFT, tiers: structure({ levels: [level('sliver', 1_000)] }) }]) {
    const answer = await ledger.call('POST', '/v1/programme/drafts', { programme });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'ledger.invalid_programme']);
    expect(answer.json().problems).toMatchObject([{ path: '/programme/rules/1/when/in/0' }]);
  }
});
