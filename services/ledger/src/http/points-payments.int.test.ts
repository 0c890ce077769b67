import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;
const { ok, earn } = redemptions(() => ledger);

beforeAll(async () => {
  // 3 points are worth 1 cent less than 1 point and two thirds would be: roundings show.
  ledger = await startLedger({ pointValues: [{ currency: 'EUR', minor: 5, perPoints: 3 }] });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const pay = (customerId: string, amountMinor: number, more: object = {}, headers?: Record<string, string>) =>
  ledger.call(
    'POST',
    `/v1/customers/${customerId}/points-payments`,
    { currency: 'EUR', amountMinor, ...more },
    headers,
  );
const capture = (id: string, payload?: object) => ledger.call('POST', `/v1/points-payments/${id}/capture`, payload);

test('a quote tells the price in points and how far the balance goes', async () => {
  await earn(100, 'ann');
  const quote = (amountMinor: number, currency = 'EUR') =>
    ledger.call('POST', '/v1/customers/ann/points-payments/quote', { currency, amountMinor });
  expect((await quote(101)).json()).toEqual({
    customerId: 'ann',
    points: 61,
    payableMinor: 101,
    payablePoints: 61,
    activePoints: 100,
    value: { currency: 'EUR', minor: 5, perPoints: 3 },
  });
  expect((await quote(1_000)).json()).toMatchObject({ points: 600, payableMinor: 166, payablePoints: 100 });
  expect((await quote(100, 'IRR')).json()).toMatchObject({
    status: 422,
    code: 'ledger.no_point_value',
    currency: 'IRR',
  });
  for (const amount of [0, -5, 1.5]) expect((await quote(amount)).statusCode).toBe(400);
});

test('a payment holds the points of the amount and is captured by amount, all of it or a part', async () => {
  await earn(200, 'bob');
  const held = await pay('bob', 101, { orderId: 'bob-order' });
  expect(held.statusCode, held.body).toBe(201);
  expect(held.json()).toMatchObject({
    points: 61,
    amountMinor: 101,
    currency: 'EUR',
    balance: { active: 139, reserved: 61 },
  });
  const { reservationId } = held.json();
  expect((await capture(reservationId, { amountMinor: 102 })).json()).toMatchObject({
    status: 422,
    code: 'ledger.capture_exceeds_reservation',
    heldMinor: 101,
    requestedMinor: 102,
  });
  expect((await capture(reservationId, { amountMinor: 51 })).json()).toMatchObject({
    capturedMinor: 51,
    capturedPoints: 31,
    releasedPoints: 30,
    balance: { active: 169, reserved: 0, spent: 31 },
  });
  expect((await capture(reservationId)).json()).toMatchObject({ status: 409, code: 'ledger.reservation_closed' });
  expect(await ok('GET', `/v1/points-payments/${reservationId}`)).toMatchObject({
    status: 'captured',
    amountMinor: 101,
    capturedMinor: 51,
    points: 61,
    capturedPoints: 31,
    value: { minor: 5, perPoints: 3 },
  });
  const { entries } = await ok('GET', '/v1/customers/bob/statement?limit=1');
  expect(entries[0]).toMatchObject({ kind: 'redeem', points: -31, orderId: 'bob-order' });
  const all = (await pay('bob', 10)).json();
  expect((await capture(all.reservationId)).json()).toMatchObject({ capturedMinor: 10, capturedPoints: 6 });
});

test('a payment is a reservation: released, timed out or captured by points it behaves as one', async () => {
  await earn(100, 'cid');
  const released = (await pay('cid', 50)).json().reservationId;
  await ok('POST', `/v1/reservations/${released}/release`);
  expect(await ok('GET', `/v1/points-payments/${released}`)).toMatchObject({ status: 'released', capturedMinor: 0 });
  const byPoints = (await pay('cid', 50)).json().reservationId;
  await ok('POST', `/v1/reservations/${byPoints}/capture`, { points: 10 });
  expect(await ok('GET', `/v1/points-payments/${byPoints}`)).toMatchObject({ capturedPoints: 10, capturedMinor: 16 });
  const late = (await pay('cid', 50, { ttlSeconds: 60 })).json().reservationId;
  ledger.clock.advance('PT60S');
  await ledger.settle();
  expect((await capture(late)).json().code).toBe('ledger.reservation_closed');
  expect(await ledger.balance('cid')).toMatchObject({ active: 90, reserved: 0 });
});

test('the value is that of the moment of paying, whatever the programme says later', async () => {
  await earn(100, 'dan');
  const { reservationId } = (await pay('dan', 50)).json();
  const programme = await ok('GET', '/v1/programme');
  const { version: _, actor: __, createdAt: ___, ...body } = programme;
  await ok('PUT', '/v1/programme', { ...body, pointValues: [{ currency: 'EUR', minor: 1, perPoints: 1 }] });
  expect((await capture(reservationId, { amountMinor: 50 })).json()).toMatchObject({ capturedPoints: 30 });
  await ok('PUT', '/v1/programme', body);
});

test('more than the balance pays is refused, and one key pays once', async () => {
  await earn(30, 'eve');
  expect((await pay('eve', 51)).json()).toMatchObject({
    code: 'ledger.insufficient_points',
    available: 30,
    requested: 31,
  });
  expect((await pay('eve', 5, { currency: 'IRR' })).json().code).toBe('ledger.no_point_value');
  const headers = { 'idempotency-key': 'eve-pays' };
  const answers = await Promise.all(Array.from({ length: 10 }, () => pay('eve', 5, {}, headers)));
  expect(new Set(answers.map((answer) => answer.json().reservationId)).size).toBe(1);
  expect(await ledger.balance('eve')).toMatchObject({ active: 27, reserved: 3 });
  expect((await ledger.call('GET', '/v1/points-payments/01890000-0000-7000-8000-000000000000')).json().code).toBe(
    'ledger.payment_not_found',
  );
  expect((await capture('01890000-0000-7000-8000-000000000000')).json().code).toBe('ledger.payment_not_found');
});

test('a payment, and its reservation, tells what refunds of its order gave back', async () => {
  const { returnPolicy, ...programme } = PROGRAMME;
  await ok('PUT', '/v1/programme', {
    ...programme,
    pointValues: [{ currency: 'EUR', minor: 5, perPoints: 3 }],
    returns: { policy: 'allow_negative', spentPoints: 'proportional' },
  });
  await earn(100, 'ivy');
  const { reservationId } = (await pay('ivy', 100, { orderId: 'ivy-paid' })).json();
  expect((await capture(reservationId)).json()).toMatchObject({ capturedPoints: 60 });
  const both = async () => [
    await ok('GET', `/v1/points-payments/${reservationId}`),
    await ok('GET', `/v1/reservations/${reservationId}`),
  ];
  for (const each of await both()) expect(each).not.toHaveProperty('givenBackPoints');
  const half = { scope: 'amount', orderId: 'ivy-paid', amountMinor: 500 } as const;
  await ledger.send(purchase('ivy', 'ivy-paid', 1_000), refund('ivy', 'ivy-half', half));
  for (const each of await both()) expect(each).toMatchObject({ capturedPoints: 60, givenBackPoints: 30 });
});
