import { CustomerErased, event, Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ activation: { kind: 'after', amount: 24, unit: 'hours' }, expiresAfterDays: 30 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const told = async (customerId: string) =>
  (await ledger.events(Topics.points))
    .filter(({ subject }) => subject === customerId)
    .map(({ type, time, data }) => [type, time, (data as { points: number }).points]);
const statementOf = async (customerId: string) =>
  (await ledger.call('GET', `/v1/customers/${customerId}/statement`)).json().entries;

test('points wait for their time, are spendable at their instant, swept or not, and each of it is told once', async () => {
  await ledger.publish([
    purchase('ann', 'ann-1', 2_500, { time: '2026-11-21T07:00:00Z' }),
    purchase('ann', 'ann-2', 1_000, { time: '2026-11-21T08:00:00Z' }),
    // Had its time before it came.
    purchase('ann', 'ann-3', 400, { time: '2026-11-19T08:00:00Z' }),
  ]);
  await ledger.settle();
  expect(await ledger.balance('ann')).toMatchObject({
    ...{ active: 4, pending: 35, earned: 39 },
    nextActivation: { points: 25, at: '2026-11-22T07:00:00Z' },
    // The clock of expiry starts when points become spendable.
    nextExpiration: { points: 4, at: '2026-12-20T22:59:59.999Z' },
  });
  const early = await ledger.call('POST', '/v1/customers/ann/reservations', { points: 5 });
  expect(early.json()).toMatchObject({ code: 'ledger.insufficient_points', available: 4 });

  ledger.clock.set('2026-11-22T07:00:00Z');
  expect(await ledger.balance('ann')).toMatchObject({ active: 29, pending: 10, nextActivation: { points: 10 } });
  const held = await ledger.call('POST', '/v1/customers/ann/reservations', { points: 29 });
  expect(held.statusCode, held.body).toBe(201);
  expect(held.json().balance).toMatchObject({ active: 0, pending: 10, reserved: 29 });
  await ledger.settle();
  await ledger.settle();
  expect(await told('ann')).toEqual([
    ['points.earned', '2026-11-21T07:00:00Z', 25],
    ['points.earned', '2026-11-21T08:00:00Z', 10],
    ['points.earned', '2026-11-19T08:00:00Z', 4],
    ['points.activated', '2026-11-22T07:00:00Z', 25],
  ]);
  ledger.clock.set('2026-11-22T09:00:00Z');
  await ledger.settle();
  expect((await told('ann')).at(-1)).toEqual(['points.activated', '2026-11-22T08:00:00Z', 10]);
  expect(await ledger.balance('ann')).toMatchObject({ active: 39, pending: 0, reserved: 0, nextActivation: null });
  expect(
    (await statementOf('ann')).map((entry: Record<string, unknown>) => [
      entry.kind,
      entry.points,
      entry.pendingPoints,
      entry.balanceAfter,
    ]),
  ).toEqual([
    ['activate', 10, -10, 39],
    ['activate', 25, -25, 29],
    ['earn', 4, 0, 4],
    ['earn', 0, 10, 0],
    ['earn', 0, 25, 0],
  ]);
});

test('a refund takes pending points first, and an order that is refunded whole never becomes spendable', async () => {
  ledger.clock.set('2026-11-23T08:00:00Z');
  await ledger.publish([
    purchase('bob', 'bob-1', 2_000, { time: '2026-11-23T07:00:00Z' }),
    refund('bob', 'bob-r1', { scope: 'amount', orderId: 'bob-1', amountMinor: 500, time: '2026-11-23T07:30:00Z' }),
  ]);
  await ledger.settle();
  expect(await ledger.balance('bob')).toMatchObject({ active: 0, pending: 15, negative: 0 });
  await ledger.send(refund('bob', 'bob-r2', { scope: 'whole', orderId: 'bob-1', time: '2026-11-23T07:40:00Z' }));
  expect(await ledger.balance('bob')).toMatchObject({ active: 0, pending: 0, negative: 0 });
  expect((await ledger.call('GET', '/v1/customers/bob/lots?state=pending')).json().lots).toEqual([]);
  ledger.clock.set('2026-11-25T08:00:00Z');
  await ledger.settle();
  expect((await told('bob')).map(([type]) => type)).toEqual([
    'points.earned',
    'points.clawed_back',
    'points.clawed_back',
  ]);
});

test('whoever is erased loses what was pending', async () => {
  await ledger.send(purchase('eve', 'eve-1', 2_000, { time: ledger.clock.now().toString() }));
  expect(await ledger.balance('eve')).toMatchObject({ pending: 20 });
  const time = ledger.clock.now();
  await ledger.send(event(CustomerErased, { id: 'erase-eve', source: '/test', time }, { customerId: 'eve' }));
  expect(await ledger.balance('eve')).toMatchObject({ active: 0, pending: 0, earned: 0 });
});

test('a policy that makes no sense is refused with its fields', async () => {
  const programme = (await ledger.call('GET', '/v1/programme')).json();
  const { version: _v, actor: _a, createdAt: _c, ...body } = programme;
  const answer = await ledger.call('PUT', '/v1/programme', {
    ...body,
    activation: { kind: 'after', amount: 100_000, unit: 'hours' },
  });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().problems).toEqual([{ path: '/activation/amount', message: 'must be 1 to 87600 hours' }]);
});
