import { CustomerErased, CustomerMerged, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TierLevel, TierStructure } from '../domain/tiers/structure.ts';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { findCustomerFacts } from './customer-facts.ts';
import { createTierRules } from './tier-rules.ts';

const level = (id: string, threshold: number, fa: string, rewards: string[] = []): TierLevel => ({
  id,
  name: { en: id, fa },
  threshold,
  benefits: { multiplier: { numerator: 12, denominator: 10 }, rewards },
});

/** Points of the solar Hijri year; kept to the end of the next. */
const TIERS: TierStructure = {
  metric: { kind: 'points_earned' },
  window: { kind: 'calendar', period: 'year' },
  levels: [level('silver', 100, 'نقره‌ای'), level('gold', 500, 'طلایی', ['lounge'])],
  validity: { kind: 'windows', more: 1 },
  graceDays: 0,
  downgrade: 'one_level',
  atRiskDays: 30,
};
const CLUB = { calendar: 'persian', timeZone: 'Asia/Tehran', tiers: TIERS } as const;

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger(CLUB);
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const tierOf = async (customerId: string) => (await ledger.call('GET', `/v1/customers/${customerId}/tier`)).json();
const told = async (customerId: string) =>
  (await ledger.events(Topics.points))
    .filter(({ type, subject }) => type === 'tier.changed' && subject === customerId)
    .map(({ time, data }) => {
      const { from, to, reason } = data as { from?: string; to?: string; reason: string };
      return [time, from, to, reason];
    });
/** What rules and rewards see. */
const knownTierOf = async (customerId: string) =>
  (
    await findCustomerFacts(
      ledger.sql('ledger'),
      customerId,
      createTierRules({ ...PROGRAMME, ...CLUB }),
      ledger.clock.now().epochMilliseconds,
    )
  ).tier;
const sumOf = async (customerId: string) => {
  const [row] = await ledger.sql('ledger')`select sum(amount)::bigint as amount from qualification
    where customer_id = ${customerId}`;
  return row?.amount;
};

test('a tier is reached in the batch that crosses its threshold, once', async () => {
  await ledger.send(purchase('ann', 'ann-1', 6_000), purchase('ann', 'ann-2', 3_900));
  expect(await tierOf('ann')).toEqual({
    customerId: 'ann',
    tier: null,
    since: null,
    validUntil: null,
    graceUntil: null,
    progress: { metric: 'points_earned', amount: 99, windowFrom: '2026-03-21', windowUntil: '2027-03-20' },
    toNext: { tier: { id: 'silver', name: { en: 'silver', fa: 'نقره‌ای' } }, threshold: 100, missing: 1 },
    toKeep: null,
    atRisk: false,
    benefits: null,
  });
  await ledger.send(purchase('ann', 'ann-3', 100), purchase('ann', 'ann-1', 6_000));
  await ledger.send(purchase('ann', 'ann-3', 100), purchase('ann', 'ann-2', 3_900));
  expect(await tierOf('ann')).toMatchObject({
    tier: { id: 'silver' },
    since: '2026-11-21T08:00:00Z',
    // The end of 1406.
    validUntil: '2028-03-19T20:29:59.999Z',
    progress: { amount: 100 },
    toNext: { tier: { id: 'gold' }, threshold: 500, missing: 400 },
    toKeep: { missing: 100, dueAt: '2028-03-19T20:29:59.999Z' },
    benefits: { multiplier: { numerator: 12, denominator: 10 }, rewards: [] },
  });
  expect(await told('ann')).toEqual([[T0, undefined, 'silver', 'reached']]);
  expect(await knownTierOf('ann')).toBe('silver');
});

test('one batch may reach more than one level', async () => {
  await ledger.send(purchase('leap', 'leap-1', 30_000), purchase('leap', 'leap-2', 30_000));
  expect((await told('leap')).map(([, from, to]) => [from, to])).toEqual([[undefined, 'gold']]);
});

test('what is refunded does not count, but takes no tier away before its time', async () => {
  await ledger.send(purchase('ben', 'ben-1', 12_000), purchase('ben', 'ben-2', 1_000));
  await ledger.send(refund('ben', 'ben-r1', { scope: 'amount', orderId: 'ben-1', amountMinor: 6_000 }));
  await ledger.send(refund('ben', 'ben-r1', { scope: 'amount', orderId: 'ben-1', amountMinor: 6_000 }));
  expect(await tierOf('ben')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 70 } });
  expect(await sumOf('ben')).toBe(70);
});

test('a refund that comes before its purchase counts with it', async () => {
  await ledger.send(refund('bea', 'bea-r1', { scope: 'whole', orderId: 'bea-1' }));
  await ledger.send(purchase('bea', 'bea-1', 12_000), purchase('bea', 'bea-2', 9_900));
  expect(await tierOf('bea')).toMatchObject({ tier: null, progress: { amount: 99 } });
  expect(await told('bea')).toEqual([]);
});

test('an order of the year before counts for that year', async () => {
  await ledger.send(purchase('cat', 'cat-1', 20_000, { time: '2026-03-20T20:29:59.999Z' }));
  expect(await tierOf('cat')).toMatchObject({
    ...{ tier: { id: 'silver' }, validUntil: '2027-03-20T20:29:59.999Z', progress: { amount: 0 } },
    toKeep: { missing: 100 },
  });
  await ledger.send(purchase('cat', 'cat-2', 20_000, { time: '2026-03-20T20:30:00Z' }));
  // It earns by what the year before gave.
  expect(await tierOf('cat')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 240 } });
});

test('merged: both count together, and the better tier is kept', async () => {
  const merged = (customerId: string, intoCustomerId: string) =>
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId, intoCustomerId });
  await ledger.send(purchase('m-old', 'm-1', 60_000), purchase('m-new', 'm-2', 10_000));
  await ledger.send(merged('m-old', 'm-new'));
  const expected = { customerId: 'm-new', tier: { id: 'gold' }, progress: { amount: 700 } };
  expect(await tierOf('m-new')).toMatchObject(expected);
  expect(await tierOf('m-old')).toMatchObject(expected);
  expect((await told('m-new')).map(([, from, to]) => [from, to])).toEqual([
    [undefined, 'silver'],
    ['silver', 'gold'],
  ]);
  await ledger.send(purchase('h-old', 'h-1', 6_000), purchase('h-new', 'h-2', 6_000));
  await ledger.send(merged('h-old', 'h-new'));
  expect(await tierOf('h-new')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 120 } });
});

test('erased: nothing is left', async () => {
  await ledger.send(purchase('eve', 'eve-1', 20_000));
  await ledger.send(event(CustomerErased, { id: newId(), source: '/test', time: T0 }, { customerId: 'eve' }));
  expect(await tierOf('eve')).toMatchObject({ tier: null, progress: { amount: 0 } });
  const sql = ledger.sql('ledger');
  for (const table of ['qualification', 'tier_state']) {
    const [row] = await sql`select count(*) as n from ${sql(table)} where customer_id = 'eve'`;
    expect(row?.n, table).toBe(0);
  }
});

test('counts every level', async () => {
  const { tiers, none } = (await ledger.call('GET', '/v1/tiers/counts')).json();
  const [silver, gold] = tiers;
  expect([silver.tier.id, gold.tier.id, none]).toEqual(['silver', 'gold', 0]);
  // ann, ben, cat, h-new; leap and m-new.
  expect([silver.customers, gold.customers]).toEqual([4, 2]);
});

test('a structure that makes no sense is refused, by field', async () => {
  const tiers = { ...TIERS, neverBelow: 'diamond', validity: { kind: 'while_earned' } };
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...CLUB, tiers });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({
    code: 'ledger.invalid_programme',
    problems: [{ path: '/tiers/neverBelow' }, { path: '/tiers/validity/kind' }],
  });
});

test('who counts nothing is not looked at again', async () => {
  const [row] = await ledger.sql('ledger')`select count(*) as n from tier_state where customer_id = 'bea'`;
  expect(row?.n).toBe(0);
});

// From here on the clock runs.

test('at the end of the solar Hijri year a tier that was not reached again is lost, at its instant', async () => {
  ledger.clock.set('2027-06-01T08:00:00Z');
  // ann does it again in 1406, ben does not.
  await ledger.send(purchase('ann', 'ann-4', 10_000, { time: '2027-06-01T08:00:00Z' }));
  expect(await tierOf('ann')).toMatchObject({
    validUntil: '2029-03-19T20:29:59.999Z',
    toKeep: { missing: 0, dueAt: '2028-03-19T20:29:59.999Z' },
  });
  ledger.clock.set('2028-02-25T08:00:00Z');
  expect(await tierOf('ben')).toMatchObject({ tier: { id: 'silver' }, atRisk: true, toKeep: { missing: 100 } });
  expect(await tierOf('ann')).toMatchObject({ atRisk: false });

  ledger.clock.set('2028-03-19T20:29:59.999Z');
  await ledger.settle();
  expect(await tierOf('ben')).toMatchObject({ tier: { id: 'silver' } });
  ledger.clock.set('2028-03-19T20:30:00Z');
  // What is past its time is lost, whether or not the sweep has been by.
  expect(await tierOf('ben')).toMatchObject({ tier: null, since: null });
  expect(await tierOf('m-new')).toMatchObject({ tier: { id: 'silver' }, since: '2028-03-19T20:30:00Z' });
  await ledger.settle();
  await ledger.settle();
  expect((await told('ben')).at(-1)).toEqual(['2028-03-19T20:30:00Z', 'silver', undefined, 'not kept']);
  expect((await told('m-new')).at(-1)).toEqual(['2028-03-19T20:30:00Z', 'gold', 'silver', 'not kept']);
  expect(await told('ann')).toHaveLength(1);
  expect(await knownTierOf('ben')).toBeNull();
  expect(await tierOf('ann')).toMatchObject({ tier: { id: 'silver' }, validUntil: '2029-03-19T20:29:59.999Z' });
  const { none } = (await ledger.call('GET', '/v1/tiers/counts')).json();
  expect(none).toBe(3);
});

test('tiers begin with what was bought before there were any, also by customers who never earned', async () => {
  const before = await startLedger({ rates: [] });
  await before.send(purchase('hal', 'hal-1', 6_000), purchase('hal', 'hal-2', 6_000));
  const spend = { ...TIERS, metric: { kind: 'spend', currency: 'EUR' }, levels: [level('silver', 10_000, 'نقره‌ای')] };
  const answer = await before.call('PUT', '/v1/programme', { ...PROGRAMME, ...CLUB, tiers: spend });
  expect(answer.statusCode, answer.body).toBe(200);
  before.clock.advance('PT1M');
  await before.settle();
  const standing = await before.call('GET', '/v1/customers/hal/tier');
  expect(standing.json()).toMatchObject({ tier: { id: 'silver' }, progress: { currency: 'EUR', amount: 12_000 } });
  await before.verify();
  await before.stop();
});

test('changed tiers: everybody is counted anew from the orders', async () => {
  const sums = () => ledger.sql('ledger')`select customer_id, measure, day::text, amount from qualification
    where amount <> 0 order by 1, 2, 3`;
  const before = await sums();
  const tiers = { ...TIERS, levels: [level('bronze', 10, 'برنزی'), ...TIERS.levels] };
  const put = (body: unknown) => ledger.call('PUT', '/v1/programme', body);
  expect((await put({ ...PROGRAMME, ...CLUB, tiers })).statusCode).toBe(200);
  ledger.clock.advance('PT59S');
  await ledger.send(purchase('fay', 'fay-1', 1_500, { time: ledger.clock.now().toString() }));
  expect(await tierOf('fay')).toMatchObject({ tier: { id: 'bronze' } });
  ledger.clock.advance('PT1S');
  await ledger.settle();
  // The count from the orders gives what was counted order by order.
  expect((await sums()).filter(({ customer_id }) => customer_id !== 'fay')).toEqual(before);

  const orders = { ...TIERS, metric: { kind: 'orders' }, levels: [level('regular', 2, 'ثابت')] };
  expect((await put({ ...PROGRAMME, ...CLUB, tiers: orders })).statusCode).toBe(200);
  ledger.clock.advance('PT1M');
  await ledger.send(purchase('fay', 'fay-2', 50, { time: ledger.clock.now().toString() }));
  expect(await tierOf('fay')).toMatchObject({ tier: { id: 'regular' }, progress: { metric: 'orders', amount: 2 } });
  expect((await told('fay')).at(-1)?.slice(1)).toEqual(['bronze', 'regular', 'the tier is no more']);
});

test('without tiers there is nothing to ask for', async () => {
  const { tiers: _, ...plain } = CLUB;
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...plain })).statusCode).toBe(200);
  const answer = await ledger.call('GET', '/v1/customers/ann/tier');
  expect([answer.statusCode, answer.json().code]).toEqual([404, 'ledger.no_tiers']);
  expect((await ledger.call('GET', '/v1/tiers/counts')).statusCode).toBe(404);
});
