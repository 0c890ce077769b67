import { CustomerMerged, CustomerUpdated, event, InteractionRecorded, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Programme } from '../domain/programme.ts';
import type { EarningRule } from '../domain/rules/rule.ts';
import {
  measureOf,
  type TierBenefits,
  type TierLevel,
  type TierMetric,
  type TierStructure,
} from '../domain/tiers/structure.ts';
import { recountQualifications } from '../store/qualifications.ts';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

const level = (id: string, threshold: number, benefits: Partial<TierBenefits> = {}): TierLevel => ({
  id,
  name: { en: id, fa: id },
  threshold,
  benefits: { rewards: [], ...benefits },
});
const tiers = (changes: Partial<TierStructure> = {}): TierStructure => ({
  metric: { kind: 'points_earned' },
  window: { kind: 'rolling', months: 3 },
  levels: [level('silver', 100), level('gold', 300)],
  validity: { kind: 'while_earned' },
  graceDays: 0,
  downgrade: 'to_earned',
  atRiskDays: 30,
  ...changes,
});
const RULES: EarningRule[] = [
  {
    ...{ id: 'app', name: 'app', order: 2, trigger: { on: 'purchase' } },
    when: { kind: 'order_channel', in: ['app'] },
    effect: { kind: 'fixed', points: 7 },
    expiry: { kind: 'none' },
  },
  {
    ...{ id: 'review', name: 'review', order: 1, trigger: { on: 'interaction', interactionType: 'review.written' } },
    effect: { kind: 'fixed', points: 5 },
  },
];

let ledger: LedgerHarness;

const start = async (programme: Partial<Programme>): Promise<void> => {
  ledger = await startLedger(programme);
};
afterEach(async () => {
  await ledger.verify();
  await ledger.stop();
});
const tierOf = async (customerId: string) => (await ledger.call('GET', `/v1/customers/${customerId}/tier`)).json();
const told = async (customerId: string) =>
  (await ledger.events(Topics.points))
    .filter(({ type, subject }) => type === 'tier.changed' && subject === customerId)
    .map(({ data }) => (data as { to?: string }).to);

test('what a tier gives counts from the order after the one that reached it', async () => {
  const silver = level('silver', 100, {
    multiplier: { numerator: 12, denominator: 10 },
    expiry: { kind: 'rolling', amount: 1, unit: 'years' },
  });
  await start({ tiers: tiers({ levels: [silver] }), rules: RULES, expiresAfterDays: 10, matching: 'first' });
  await ledger.send(purchase('ann', 'ann-1', 10_000));
  await ledger.send(purchase('ann', 'ann-2', 10_000, { channel: 'app' }));
  const { entries } = (await ledger.call('GET', '/v1/customers/ann/statement')).json();
  const texts = entries.map((each: { explanation?: { text: string } }) => each.explanation?.text);
  expect(texts.toSorted()).toEqual(['100 = 100 base', '120 = 100 base × 1.2 silver', '8 = 7 app × 1.2 silver']);
  const { lots } = (await ledger.call('GET', '/v1/customers/ann/lots')).json();
  // By the programme, by the tier, and by the rule, which goes first.
  expect(lots.map((lot: { granted: number; expiresAt: string | null }) => [lot.granted, lot.expiresAt])).toEqual([
    [100, '2026-12-01T22:59:59.999Z'],
    [120, '2027-11-21T22:59:59.999Z'],
    [8, null],
  ]);
  expect(await tierOf('ann')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 228 } });
  const order = { currency: 'EUR', totalMinor: 10_000, lines: [] };
  const tried = await ledger.call('POST', '/v1/programme/simulations', { order, customerId: 'ann' });
  expect(tried.statusCode, tried.body).toBe(200);
  expect(tried.json()).toMatchObject({ entries: [{ points: 120, expiresAt: '2027-11-21T22:59:59.999Z' }] });
  const reviewAt = (time: string) =>
    event(
      InteractionRecorded,
      { id: newId(), source: '/test', time },
      { customerId: 'ann', interactionType: 'review.written' },
    );
  const review = reviewAt(T0);
  await ledger.send(review, review);
  await ledger.send(review);
  expect(await tierOf('ann')).toMatchObject({ progress: { amount: 233 } });
  // One that is told later counts on its own day.
  await ledger.send(reviewAt('2026-11-19T08:00:00Z'));
  const days = await ledger.sql('ledger')`select amount from qualification order by day`;
  expect(days.map(({ amount }) => amount)).toEqual([5, 233]);
});

test.each<[TierMetric, string[]]>([
  [{ kind: 'points_earned' }, ['silver']],
  [{ kind: 'orders' }, []],
  [{ kind: 'spend', currency: 'EUR' }, []],
])('%j: an award reaches a tier by its points alone, which is told', async (metric, reached) => {
  await start({ tiers: tiers({ metric, levels: [level('silver', 5)] }), rules: RULES });
  const at = { id: newId(), source: '/test', time: T0 };
  await ledger.send(event(InteractionRecorded, at, { customerId: 'fay', interactionType: 'review.written' }));
  expect(await ledger.balance('fay')).toMatchObject({ active: 5 });
  expect(await told('fay')).toEqual(reached);
});

test('a rolling window: a tier is had as long as it is earned, refunds shorten it', async () => {
  await start({ tiers: tiers() });
  await ledger.send(purchase('bob', 'bob-1', 20_000), purchase('bob', 'bob-2', 15_000));
  expect(await tierOf('bob')).toMatchObject({ tier: { id: 'gold' }, validUntil: '2027-02-20T22:59:59.999Z' });
  ledger.clock.set('2027-01-10T08:00:00Z');
  await ledger.send(purchase('bob', 'bob-3', 12_000, { time: '2027-01-10T08:00:00Z' }));
  expect(await tierOf('bob')).toMatchObject({
    tier: { id: 'gold' },
    validUntil: '2027-02-20T22:59:59.999Z',
    progress: { amount: 470, windowFrom: '2026-10-11', windowUntil: null },
  });
  // What is left would be enough for silver: gold is had to the end of the day.
  await ledger.send(refund('bob', 'bob-r', { scope: 'whole', orderId: 'bob-1', time: '2027-01-10T08:00:00Z' }));
  expect(await tierOf('bob')).toMatchObject({ tier: { id: 'gold' }, validUntil: '2027-01-10T22:59:59.999Z' });
  ledger.clock.set('2027-01-10T23:00:00Z');
  await ledger.settle();
  expect(await tierOf('bob')).toMatchObject({ tier: { id: 'silver' }, validUntil: '2027-04-09T21:59:59.999Z' });
  ledger.clock.set('2027-04-09T22:00:00Z');
  await ledger.settle();
  expect(await told('bob')).toEqual(['gold', 'silver', undefined]);
});

test('what falls due at one midnight is done in order: spendable, tier, expiry', async () => {
  const monthly = tiers({ window: { kind: 'calendar', period: 'month' }, validity: { kind: 'windows', more: 0 } });
  const programme: Partial<Programme> = {
    tiers: monthly,
    expiry: { kind: 'rolling', amount: 1, unit: 'days', roundUpTo: 'month' },
  };
  await start(programme);
  const { expiresAfterDays: _, ...bare } = PROGRAMME;
  ledger.clock.set('2026-12-05T08:00:00Z');
  await ledger.send(purchase('eve', 'eve-1', 10_000, { time: '2026-12-05T08:00:00Z' }));
  const pending = {
    ...bare,
    ...programme,
    activation: { kind: 'after', amount: 1, unit: 'hours', roundUpTo: 'month' },
  };
  expect((await ledger.call('PUT', '/v1/programme', pending)).statusCode).toBe(200);
  await ledger.send(purchase('eve', 'eve-2', 2_000, { time: '2026-12-05T08:00:00Z' }));
  expect(await ledger.balance('eve')).toMatchObject({ active: 100, pending: 20 });
  // January in Berlin.
  ledger.clock.set('2026-12-31T23:00:00Z');
  await ledger.settle();
  const types = (await ledger.events(Topics.points)).map(({ type }) => type);
  expect(types.slice(-3)).toEqual(['points.activated', 'tier.changed', 'points.expired']);
  expect(await ledger.balance('eve')).toMatchObject({ active: 20, pending: 0, expired: 100 });
});

test('counted anew, awards without an order count too: interactions, grants, birthdays, also of who was merged', async () => {
  const birthday: EarningRule = {
    ...{ id: 'birthday', name: 'birthday', order: 3, trigger: { on: 'birthday' } },
    effect: { kind: 'fixed', points: 20 },
  };
  await start({ tiers: tiers(), rules: [...RULES, birthday] });
  const at = () => ({ id: newId(), source: '/test', time: T0 });
  const review = (customerId: string) =>
    event(InteractionRecorded, at(), { customerId, interactionType: 'review.written' });
  const grant = (customerId: string) =>
    ledger.call('POST', `/v1/customers/${customerId}/grants`, { grantId: customerId, points: 60, reason: 'sorry' });
  await ledger.send(
    purchase('fay', 'fay-1', 1_000),
    review('fay'),
    purchase('ghost', 'ghost-1', 2_000),
    review('ghost'),
  );
  await ledger.send(event(CustomerUpdated, at(), { customerId: 'fay', attributes: {}, birthDate: '1990-11-22' }));
  for (const customerId of ['fay', 'ghost']) expect((await grant(customerId)).statusCode).toBe(201);
  ledger.clock.set('2026-11-22T09:00:00Z');
  await ledger.settle();
  expect(await tierOf('fay')).toMatchObject({ tier: null, progress: { amount: 10 + 5 + 60 + 20 } });
  await ledger.send(event(CustomerMerged, at(), { customerId: 'ghost', intoCustomerId: 'fay' }));
  const all = 10 + 5 + 60 + 20 + (20 + 5 + 60);
  expect(await tierOf('fay')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: all } });

  const other = { ...PROGRAMME, rules: [...RULES, birthday], tiers: tiers({ levels: [level('blue', 170)] }) };
  expect((await ledger.call('PUT', '/v1/programme', other)).statusCode).toBe(200);
  ledger.clock.advance({ minutes: 5 });
  await ledger.settle();
  expect(await tierOf('fay')).toMatchObject({ tier: { id: 'blue' }, progress: { amount: all } });
});

test('an order paid with points alone does not count any more once it was refunded as a whole, however often', async () => {
  const yearly = tiers({
    metric: { kind: 'orders' },
    window: { kind: 'calendar', period: 'year' },
    validity: { kind: 'windows', more: 1 },
    levels: [level('regular', 5)],
  });
  await start({ tiers: yearly });
  const amountOf = async () => (await tierOf('ida')).progress.amount;
  await ledger.send(purchase('ida', 'ida-1', 0), purchase('ida', 'ida-2', 0), purchase('ida', 'ida-3', 1_000));
  await ledger.send(refund('ida', 'ida-r0', { scope: 'amount', orderId: 'ida-1', amountMinor: 100 }));
  expect(await amountOf()).toBe(3);
  const whole = (refundId: string, orderId = 'ida-1') => refund('ida', refundId, { scope: 'whole', orderId });
  await ledger.send(whole('ida-r1'), whole('ida-r2'));
  expect(await amountOf()).toBe(2);
  await ledger.send(whole('ida-r3'));
  expect(await amountOf()).toBe(2);
  // Told before the order itself.
  await ledger.send(whole('ida-r4', 'ida-4'));
  await ledger.send(purchase('ida', 'ida-4', 0));
  expect(await amountOf()).toBe(2);

  const other = { ...PROGRAMME, tiers: { ...yearly, levels: [level('regular', 4)] } };
  expect((await ledger.call('PUT', '/v1/programme', other)).statusCode).toBe(200);
  ledger.clock.advance({ minutes: 5 });
  await ledger.settle();
  expect(await amountOf()).toBe(2);
});

test('an order that a clock dated into the next window reaches its tier at once, and it is kept in that window', async () => {
  const monthly = tiers({ window: { kind: 'calendar', period: 'month' }, validity: { kind: 'windows', more: 0 } });
  await start({ tiers: monthly });
  // Five to midnight in Berlin, and two past.
  ledger.clock.set('2026-11-30T22:55:00Z');
  await ledger.send(purchase('joe', 'joe-1', 40_000, { time: '2026-11-30T23:02:00Z' }));
  expect(await told('joe')).toEqual(['gold']);
  const expected = { tier: { id: 'gold' }, since: '2026-11-30T22:55:00Z', validUntil: '2026-12-31T22:59:59.999Z' };
  expect(await tierOf('joe')).toMatchObject({ ...expected, progress: { amount: 0, windowUntil: '2026-11-30' } });
  ledger.clock.set('2026-11-30T23:05:00Z');
  await ledger.settle();
  expect(await tierOf('joe')).toMatchObject({ ...expected, progress: { amount: 400 }, toKeep: { missing: 300 } });
  expect(await told('joe')).toEqual(['gold']);
});

const METRICS: TierMetric[] = [{ kind: 'points_earned' }, { kind: 'spend', currency: 'EUR' }, { kind: 'orders' }];
const CUSTOMERS = ['x', 'y', 'z'];

/** Orders, some of them refunded once or twice, before or after they come. */
const streams = fc.array(
  fc.record({
    customer: fc.constantFrom(...CUSTOMERS),
    // 0: paid with points alone.
    totalMinor: fc.oneof(fc.integer({ min: 0, max: 9_999 }), fc.constant(0)),
    daysAgo: fc.integer({ min: 0, max: 40 }),
    channel: fc.constantFrom(undefined, 'app'),
    refunds: fc.array(fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constant('whole')), { maxLength: 2 }),
    first: fc.boolean(),
    sentTwice: fc.boolean(),
  }),
  { minLength: 15, maxLength: 40, size: 'max' },
);

const eventsOf = (stream: ReturnType<typeof JSON.parse>[]) =>
  stream.flatMap((each, i) => {
    const time = Temporal.Instant.from(T0)
      .subtract({ hours: each.daysAgo * 24 })
      .toString();
    const order = purchase(each.customer, `o-${i}`, each.totalMinor, {
      time,
      ...(each.channel ? { channel: each.channel } : {}),
    });
    const refunds = each.refunds.map((what: number | 'whole', j: number) =>
      refund(each.customer, `r-${i}-${j}`, {
        ...(what === 'whole' ? { scope: what } : { scope: 'amount', amountMinor: what }),
        ...{ orderId: `o-${i}`, time: T0 },
      }),
    );
    const once = each.first ? [...refunds, order] : [order, ...refunds];
    return each.sentTwice ? [...once, ...once] : once;
  });

test.each(METRICS)('%j: what is counted order by order is what the orders come to', async (metric) => {
  const structure = tiers({
    metric,
    window: { kind: 'calendar', period: 'year' },
    validity: { kind: 'windows', more: 1 },
  });
  await start({ tiers: structure, rules: RULES });
  const seed = Date.now() % 2 ** 31;
  const [stream] = fc.sample(streams, { numRuns: 1, seed });
  const events = eventsOf(stream ?? []);
  for (let i = 0; i < events.length; i += 7) await ledger.send(...events.slice(i, i + 7));

  const sql = ledger.sql('ledger');
  const sums = () =>
    sql`select customer_id, day::text, amount from qualification where amount <> 0 order by customer_id, day`;
  const counted = await sums();
  expect(counted.length).toBeGreaterThan(0);
  await sql.begin((tx) => recountQualifications(tx, metric, measureOf(structure), 'Europe/Berlin', CUSTOMERS));
  expect(await sums(), `seed ${seed}`).toEqual(counted);
});
