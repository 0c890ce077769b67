import { Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '12' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const earn = async (customerId: string, ...points: number[]): Promise<void> => {
  await ledger.publish(points.map((each, i) => purchase(customerId, `${customerId}-${i}`, each * 100)));
  await ledger.settle();
};
const reserve = (customerId: string, points: number, more: object = {}, headers?: Record<string, string>) =>
  ledger.call('POST', `/v1/customers/${customerId}/reservations`, { points, ...more }, headers);
const pointsEvents = async (customerId: string) =>
  (await ledger.events(Topics.points)).filter(
    ({ subject, type }) => subject === customerId && type !== 'points.earned',
  );

test('reserve, capture: the points are spent, the entry and the event say for what', async () => {
  await earn('ann', 60, 40);
  const held = await reserve('ann', 70, { orderId: 'ann-pays' });
  expect(held.statusCode).toBe(201);
  expect(held.json()).toMatchObject({
    points: 70,
    expiresAt: '2026-11-21T08:15:00Z',
    balance: { active: 30, reserved: 70 },
  });
  const { reservationId } = held.json();
  const captured = await ledger.call('POST', `/v1/reservations/${reservationId}/capture`);
  expect(captured.statusCode).toBe(200);
  expect(captured.json()).toMatchObject({
    capturedPoints: 70,
    releasedPoints: 0,
    balance: { active: 30, reserved: 0, spent: 70 },
  });
  const { entries } = (await ledger.call('GET', '/v1/customers/ann/statement?limit=1')).json();
  expect(entries[0]).toMatchObject({
    entryId: captured.json().entryId,
    kind: 'redeem',
    points: -70,
    balanceAfter: 30,
    reservationId,
    orderId: 'ann-pays',
    reason: 'redeemed',
  });
  await ledger.settle();
  expect(await pointsEvents('ann')).toMatchObject([
    {
      type: 'points.redeemed',
      id: captured.json().entryId,
      data: { points: 70, balanceAfter: 30, reservationId, orderId: 'ann-pays' },
    },
  ]);
  expect((await ledger.call('GET', `/v1/reservations/${reservationId}`)).json()).toEqual({
    reservationId,
    customerId: 'ann',
    points: 70,
    capturedPoints: 70,
    status: 'captured',
    createdAt: T0,
    expiresAt: '2026-11-21T08:15:00Z',
    closedAt: T0,
    orderId: 'ann-pays',
  });
});

test('a part is captured, the rest given back', async () => {
  await earn('bob', 100);
  const { reservationId } = (await reserve('bob', 80)).json();
  const tooMuch = await ledger.call('POST', `/v1/reservations/${reservationId}/capture`, { points: 81 });
  expect(tooMuch.statusCode).toBe(422);
  expect(tooMuch.json()).toMatchObject({ code: 'ledger.capture_exceeds_reservation', held: 80, requested: 81 });
  const captured = await ledger.call('POST', `/v1/reservations/${reservationId}/capture`, { points: 50 });
  expect(captured.json()).toMatchObject({
    capturedPoints: 50,
    releasedPoints: 30,
    balance: { active: 50, reserved: 0, spent: 50 },
  });
  await ledger.settle();
  expect((await pointsEvents('bob')).map(({ type, data }) => [type, (data as { points: number }).points])).toEqual([
    ['points.redeemed', 50],
    ['points.released', 30],
  ]);
});

test('more than there is, is refused with what is available', async () => {
  await earn('cid', 10);
  const answer = await reserve('cid', 11);
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ code: 'ledger.insufficient_points', available: 10, requested: 11 });
  expect((await reserve('nobody', 1)).json()).toMatchObject({ code: 'ledger.insufficient_points', available: 0 });
  expect(await ledger.sql('ledger')`select 1 from balance where customer_id = 'nobody'`).toHaveLength(0);
});

test('a reservation ends once: released, captured or timed out', async () => {
  await earn('dan', 30);
  const { reservationId } = (await reserve('dan', 20)).json();
  const released = await ledger.call('POST', `/v1/reservations/${reservationId}/release`);
  expect(released.json()).toMatchObject({ releasedPoints: 20, balance: { active: 30, reserved: 0 } });
  for (const deed of ['release', 'capture']) {
    const again = await ledger.call('POST', `/v1/reservations/${reservationId}/${deed}`);
    expect(again.statusCode).toBe(409);
    expect(again.json()).toMatchObject({ code: 'ledger.reservation_closed', reservationStatus: 'released' });
  }
  const short = (await reserve('dan', 20, { ttlSeconds: 60 })).json().reservationId;
  ledger.clock.advance('PT60S');
  const late = await ledger.call('POST', `/v1/reservations/${short}/capture`);
  expect(late.json()).toMatchObject({ code: 'ledger.reservation_closed', reservationStatus: 'timed_out' });
  await ledger.settle();
  expect(await ledger.balance('dan')).toMatchObject({ active: 30, reserved: 0 });
  expect((await ledger.call('GET', `/v1/reservations/${short}`)).json().status).toBe('timed_out');
  expect((await pointsEvents('dan')).map(({ data }) => (data as { reason: string }).reason)).toEqual([
    'released',
    'timed out',
  ]);
});

test('unknown reservations, bad input and too long a time are told apart', async () => {
  const id = '01890000-0000-7000-8000-000000000000';
  expect((await ledger.call('GET', `/v1/reservations/${id}`)).json().code).toBe('ledger.reservation_not_found');
  expect((await ledger.call('POST', `/v1/reservations/${id}/capture`)).json().code).toBe(
    'ledger.reservation_not_found',
  );
  expect((await ledger.call('GET', '/v1/reservations/no-uuid')).statusCode).toBe(400);
  for (const body of [{ points: 0 }, { points: 1.5 }, { points: '5' }, {}, { points: 5, ttl: 3 }])
    expect((await ledger.call('POST', '/v1/customers/ann/reservations', body)).statusCode).toBe(400);
  expect((await reserve('ann', 1, { ttlSeconds: 2_592_000 })).json()).toMatchObject({
    code: 'ledger.ttl_too_long',
    problems: [{ path: '/ttlSeconds', message: 'must be <= 604800' }],
  });
});

test('the same Idempotency-Key reserves once', async () => {
  await earn('eve', 50);
  const headers = { 'idempotency-key': 'eve-pays' };
  const [first, second] = [await reserve('eve', 20, {}, headers), await reserve('eve', 20, {}, headers)];
  expect(second.json()).toEqual(first.json());
  expect((await reserve('eve', 30, {}, headers)).statusCode).toBe(409);
  expect(await ledger.balance('eve')).toMatchObject({ active: 30, reserved: 20 });
});

test('many at once get what there is and not a point more', async () => {
  await earn('fay', 40, 30, 30);
  const answers = await Promise.all(Array.from({ length: 60 }, () => reserve('fay', 7)));
  const statuses = answers.map(({ statusCode }) => statusCode);
  expect(statuses.filter((status) => status === 201)).toHaveLength(14);
  expect(statuses.filter((status) => status === 422)).toHaveLength(46);
  expect(await ledger.balance('fay')).toMatchObject({ active: 2, reserved: 98 });
  // Every reservation is captured or released by two callers at once; one of them wins.
  const ids = answers
    .filter(({ statusCode }) => statusCode === 201)
    .map((answer) => answer.json().reservationId as string);
  const ends = await Promise.all(
    ids.flatMap((id, i) =>
      [i % 2 === 0 ? 'capture' : 'release', 'capture'].map((deed) =>
        ledger.call('POST', `/v1/reservations/${id}/${deed}`),
      ),
    ),
  );
  expect(ends.filter(({ statusCode }) => statusCode === 200)).toHaveLength(14);
  expect(ends.filter(({ statusCode }) => statusCode === 409)).toHaveLength(14);
  const after = await ledger.balance('fay');
  expect(after.reserved).toBe(0);
  expect(after.active + after.spent).toBe(100);
  await ledger.verify();
});

test('purchases, refunds and redemptions of the same customers at once neither deadlock nor overdraw', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `hot-${i}`);
  await ledger.publish(names.map((name) => purchase(name, `${name}-start`, 20_000)));
  await ledger.settle();
  const storm = Array.from({ length: 30 }, (_, i) =>
    names.flatMap((name) => [
      purchase(name, `${name}-${i}`, 1_000),
      refund(name, `${name}-r${i}`, { scope: 'amount', orderId: `${name}-${i}`, amountMinor: 500 }),
    ]),
  ).flat();
  const redeem = async (name: string): Promise<number> => {
    const held = await reserve(name, 13);
    if (held.statusCode !== 201) return held.statusCode;
    const answer = await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`, { points: 10 });
    return answer.statusCode;
  };
  const [, ...answers] = await Promise.all([
    ledger.publish(storm),
    ...names.flatMap((name) => Array.from({ length: 12 }, () => redeem(name))),
  ]);
  await ledger.settle();
  expect(answers.every((status) => status === 200)).toBe(true);
  for (const name of names)
    expect(await ledger.balance(name)).toMatchObject({
      active: 200 + 30 * 5 - 120,
      reserved: 0,
      spent: 120,
      negative: 0,
    });
  expect((await ledger.deadLetters('ledger')).filter(({ key }) => key?.startsWith('hot-'))).toEqual([]);
});

test('a deficit is paid off by what comes next, also by points given back', async () => {
  await earn('gus', 50);
  const { reservationId } = (await reserve('gus', 40)).json();
  await ledger.send(refund('gus', 'gus-r', { scope: 'whole', orderId: 'gus-0' }));
  expect(await ledger.balance('gus')).toMatchObject({ active: 0, reserved: 40, negative: 40 });
  await ledger.call('POST', `/v1/reservations/${reservationId}/capture`, { points: 30 });
  expect(await ledger.balance('gus')).toMatchObject({ active: 0, reserved: 0, negative: 30, spent: 30 });
  await ledger.send(purchase('gus', 'gus-1', 2_000), purchase('gus', 'gus-2', 1_500));
  expect(await ledger.balance('gus')).toMatchObject({ active: 5, negative: 0, earned: 85 });
});
