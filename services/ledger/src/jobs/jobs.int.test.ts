import { Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { announceExpiring } from '../use-cases/announce-expiring.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  const programme = { expiresAfterDays: 30, expiringSoonDays: 5 };
  ledger = await startLedger(programme, { settings: { LEDGER_SWEEP_CUSTOMERS: '3' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const told = async (customerId: string) =>
  (await ledger.events(Topics.points))
    .filter(({ subject }) => subject === customerId)
    .map(({ type, time, data }) => [type, time, (data as { points: number }).points]);

test('points expire at their instant, are announced before, and each of it is told once', async () => {
  ledger.clock.set('2026-11-21T08:00:00Z');
  await ledger.publish([
    purchase('ann', 'ann-1', 1_000, { time: '2026-11-20T10:00:00Z' }),
    purchase('ann', 'ann-2', 2_000, { time: '2026-11-21T07:00:00Z' }),
  ]);
  await ledger.settle();
  // The end of 20 December in Berlin.
  expect((await ledger.balance('ann')).nextExpiration).toEqual({ points: 10, at: '2026-12-20T22:59:59.999Z' });

  ledger.clock.set('2026-12-15T22:59:59.998Z');
  await ledger.settle();
  expect(await told('ann')).toHaveLength(2);
  ledger.clock.set('2026-12-15T22:59:59.999Z');
  await ledger.settle();
  await ledger.settle();
  expect((await told('ann')).slice(2)).toEqual([['points.expiring_soon', '2026-12-15T22:59:59.999Z', 10]]);

  ledger.clock.set('2026-12-20T22:59:59.999Z');
  // What is past its time is gone, whether or not the sweep has been by.
  expect(await ledger.balance('ann')).toMatchObject({ active: 20, expired: 10 });
  const held = await ledger.call('POST', '/v1/customers/ann/reservations', { points: 21 });
  expect(held.json()).toMatchObject({ code: 'ledger.insufficient_points', available: 20 });
  await ledger.settle();
  await ledger.settle();
  expect((await told('ann')).slice(3)).toEqual([
    ['points.expired', '2026-12-20T22:59:59.999Z', 10],
    ['points.expiring_soon', '2026-12-20T22:59:59.999Z', 20],
  ]);
  expect(await ledger.balance('ann')).toMatchObject({ active: 20, expired: 10, nextExpiration: { points: 20 } });
});

test('imported history expires at once and is not announced', async () => {
  await ledger.send(purchase('old', 'old-1', 1_000, { time: '2011-03-01T10:00:00Z' }));
  expect(await ledger.balance('old')).toMatchObject({ active: 0, earned: 10, expired: 10 });
  expect(await told('old')).toEqual([
    ['points.earned', '2011-03-01T10:00:00Z', 10],
    ['points.expired', '2011-03-31T21:59:59.999Z', 10],
  ]);
});

test('a refund does not take a second time what has expired', async () => {
  await ledger.publish([
    purchase('ref', 'ref-1', 1_000, { time: '2011-03-01T10:00:00Z' }),
    purchase('ref', 'ref-2', 500, { time: ledger.clock.now().toString() }),
  ]);
  await ledger.settle();
  await ledger.send(refund('ref', 'ref-r', { scope: 'whole', orderId: 'ref-1', time: '2011-04-05T10:00:00Z' }));
  expect(await ledger.balance('ref')).toMatchObject({ active: 5, expired: 10, negative: 0 });
  const [row] = await ledger.sql('ledger')`select points_due, points_taken from refund where refund_id = 'ref-r'`;
  expect(row).toEqual({ points_due: 10, points_taken: 0 });
});

test('many customers and many lots are done in portions', async () => {
  const now = ledger.clock.now().toString();
  await ledger.publish(Array.from({ length: 40 }, (_, i) => purchase(`p-${i % 10}`, `p-o${i}`, 1_000, { time: now })));
  await ledger.settle();
  ledger.clock.advance('P32D');
  await ledger.settle();
  for (let i = 0; i < 10; i++) expect(await ledger.balance(`p-${i}`)).toMatchObject({ active: 0, expired: 40 });
  const [due] = await ledger.sql('ledger')`select count(*) as n from balance where next_expiry_at is not null`;
  expect(due?.n).toBe(0);
});

test('points of a reservation that times out after their expiry expire then', async () => {
  const now = ledger.clock.now();
  await ledger.send(purchase('slow', 'slow-1', 1_000, { time: now.toString() }));
  const held = await ledger.call('POST', '/v1/customers/slow/reservations', { points: 4, ttlSeconds: 604_800 });
  ledger.clock.advance('P6D');
  await ledger.settle();
  const second = await ledger.call('POST', '/v1/customers/slow/reservations', { points: 3, ttlSeconds: 604_800 });
  expect([held.statusCode, second.statusCode]).toEqual([201, 201]);
  ledger.clock.advance('P1D');
  await ledger.settle();
  expect(await ledger.balance('slow')).toMatchObject({ active: 7, reserved: 3 });
  const third = await ledger.call('POST', '/v1/customers/slow/reservations', { points: 7, ttlSeconds: 604_800 });
  expect(third.statusCode).toBe(201);
  ledger.clock.set(now.add({ hours: 24 * 13 }));
  await ledger.settle();
  ledger.clock.set(now.add({ hours: 24 * 14 }));
  const late = await ledger.call('POST', `/v1/reservations/${third.json().reservationId}/capture`);
  expect(late.statusCode).toBe(409);
  await ledger.settle();
  expect(await ledger.balance('slow')).toMatchObject({ active: 10, reserved: 0 });
});

test('days ahead are days of the zone: points are announced at the hour at which they expire, whatever clocks did in between', async () => {
  ledger.clock.set('2027-03-02T10:00:00Z');
  await ledger.send(
    purchase('spring', 'spring-1', 1_000, { time: '2027-03-01T10:00:00Z' }),
    purchase('spring', 'spring-2', 2_000, { time: '2027-03-02T10:00:00Z' }),
  );
  await ledger.call('POST', '/v1/customers/spring/adjustments', { points: -4, reason: 'a mistake' });
  expect((await ledger.balance('spring')).nextExpiration).toEqual({ points: 6, at: '2027-03-31T21:59:59.999Z' });
  // Five times 24 hours before, and five days in Berlin, where one of them has 23 hours.
  ledger.clock.set('2027-03-26T22:59:59.998Z');
  await ledger.settle();
  expect(await told('spring')).toHaveLength(3);
  for (const time of ['2027-03-26T22:59:59.999Z', '2027-03-27T22:59:59.999Z']) {
    ledger.clock.set(time);
    await ledger.settle();
  }
  // Each once, though the first ones are still there when the others are announced.
  expect((await told('spring')).slice(3)).toEqual([
    ['points.expiring_soon', '2027-03-26T22:59:59.999Z', 6],
    ['points.expiring_soon', '2027-03-27T22:59:59.999Z', 20],
  ]);
});

test('what is past its expiry is not announced any more, though nothing has let it go yet', async () => {
  await ledger.send(purchase('gone', 'gone-1', 1_000, { time: ledger.clock.now().toString() }));
  ledger.clock.advance('P31D');
  const deps = { currentRules: createCurrentRules() };
  await ledger.sql('ledger').begin((tx) => announceExpiring(tx, ledger.clock.now(), 100, deps));
  await ledger.settle();
  expect((await told('gone')).map(([type]) => type)).toEqual(['points.earned', 'points.expired']);
});

test('all lots of a customer are announced, and expire, however many expire together', async () => {
  const lots = 501;
  const time = ledger.clock.now().toString();
  await ledger.publish(Array.from({ length: lots }, (_, i) => purchase('many', `many-${i}`, 100, { time })));
  await ledger.settle();
  const count = async (type: string) => (await told('many')).filter(([each]) => each === type).length;
  ledger.clock.advance('P26D');
  await ledger.settle();
  expect(await count('points.expiring_soon')).toBe(lots);
  expect(await ledger.balance('many')).toMatchObject({ active: lots });
  ledger.clock.advance('P6D');
  await ledger.settle();
  expect(await count('points.expired')).toBe(lots);
  expect(await count('points.expiring_soon')).toBe(lots);
});

test('a refund whose order came at the same moment through another partition is settled by a job', async () => {
  const sql = ledger.sql('ledger');
  await ledger.send(purchase('race', 'race-1', 1_000, { time: ledger.clock.now().toString() }));
  // As two transactions that did not see each other leave it.
  await sql`insert into refund (refund_id, customer_id, content_hash, order_id, scope, currency, occurred_at, recorded_at, status)
    values ('race-r', 'race', gen_random_uuid(), 'race-1', 'whole', 'EUR', now(), now(), 'waiting')`;
  await ledger.settle();
  expect(await ledger.balance('race')).toMatchObject({ active: 0, earned: 10 });
  const [row] = await sql`select status, points_taken from refund where refund_id = 'race-r'`;
  expect(row).toEqual({ status: 'applied', points_taken: 10 });
});

test('what was counted is forgotten when nobody asks for it any more, and some time after that', async () => {
  const cap = (per: string) => ({ limit: 9, unit: 'awards', per });
  const rule = {
    ...{ id: 'capped', name: 'capped', order: 1, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: 1 } },
    caps: { perCustomer: ['day', 'month', 'year', 'forever'].map(cap), beyond: 'reduce' },
  };
  const silver = { id: 'silver', name: { en: 'a', fa: 'a' }, threshold: 5, benefits: { rewards: [] } };
  const tiers = {
    ...{ metric: { kind: 'points_earned' }, window: { kind: 'rolling', months: 3 }, levels: [silver] },
    ...{ validity: { kind: 'while_earned' }, graceDays: 0, downgrade: 'to_earned', atRiskDays: 9 },
  };
  const put = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules: [rule], tiers });
  expect(put.statusCode, put.body).toBe(200);
  ledger.clock.set('2027-06-15T08:00:00Z');
  await ledger.send(purchase('keep', 'keep-1', 1_000, { time: '2027-06-15T07:00:00Z' }));
  const sql = ledger.sql('ledger');
  const left = async (now: string) => {
    ledger.clock.set(now);
    await ledger.settle();
    const counters = await sql`select per from rule_counter where customer_id = 'keep' order by per`;
    const days = await sql`select amount from qualification where customer_id = 'keep'`;
    return [counters.map(({ per }) => per), days.map(({ amount }) => amount)];
  };
  // 400 days after the end of the period; of tiers, after the window's first day.
  expect(await left('2028-07-20T08:00:00Z')).toEqual([['day', 'forever', 'month', 'year'], [11]]);
  expect(await left('2028-07-21T08:00:00Z')).toEqual([['forever', 'month', 'year'], [11]]);
  expect(await left('2028-10-19T08:00:00Z')).toEqual([['forever', 'year'], [11]]);
  expect(await left('2028-10-20T08:00:00Z')).toEqual([['forever', 'year'], []]);
  expect(await left('2029-02-07T08:00:00Z')).toEqual([['forever'], []]);
});
