import { CustomerMerged, event, InteractionRecorded, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Expiry } from '../domain/expiry-policy.ts';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

/** 30 days after the last purchase, redemption or visit. */
const SLIDING: Expiry = {
  kind: 'sliding',
  amount: 30,
  unit: 'days',
  activities: ['purchase', 'redemption'],
  interactionTypes: ['store.visited'],
};

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ expiry: SLIDING, expiringSoonDays: 5 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const at = async (time: string): Promise<void> => {
  ledger.clock.set(time);
  await ledger.settle();
};
const daysAfter = (instant: string, days: number): string =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(PROGRAMME.timeZone).add({ days }).toInstant().toString();
const now = (): string => ledger.clock.now().toString();
const visit = (customerId: string, interactionType = 'store.visited') =>
  event(InteractionRecorded, { id: newId(), source: '/test', time: now() }, { customerId, interactionType });
const told = async (customerId: string) =>
  (await ledger.events(Topics.points))
    .filter(({ type, subject }) => subject === customerId && type !== 'points.earned')
    .map(({ id, type, time, data }) => ({ id, type, time, points: (data as { points: number }).points }));
/** Versions of the customer's rows: what was written since the last look is another one. */
const lotVersions = () => ledger.sql('ledger')`select id, xmin::text, expires_at from lot order by id`;

test('an activity keeps all open points, without writing any of their lots', async () => {
  await ledger.send(purchase('ann', 'ann-1', 1_000), purchase('bob', 'bob-1', 1_000), purchase('cat', 'cat-1', 1_000));
  const before = await lotVersions();
  await at('2026-12-10T08:00:00Z');
  // One that is active by a purchase that earns nothing, one by a visit, one not at all.
  await ledger.send(purchase('ann', 'ann-2', 50, { time: now() }), visit('bob'), visit('cat', 'page.viewed'));
  const kept = { active: 10, nextExpiration: { points: 10, at: '2027-01-09T22:59:59.999Z' } };
  expect(await ledger.balance('ann')).toMatchObject(kept);
  expect(await ledger.balance('bob')).toMatchObject(kept);
  expect((await ledger.balance('cat')).nextExpiration.at).toBe('2026-12-21T22:59:59.999Z');
  const { lots } = (await ledger.call('GET', '/v1/customers/ann/lots')).json();
  expect(lots).toMatchObject([{ remaining: 10, expiresAt: kept.nextExpiration.at }]);
  expect(await lotVersions()).toEqual(before);
});

test('points that were kept are told of and expire at their new time; the others did at theirs', async () => {
  await at('2026-12-18T08:00:00Z');
  await at('2026-12-21T22:59:59.999Z');
  expect(await ledger.balance('cat')).toMatchObject({ active: 0, expired: 10 });
  expect(await ledger.balance('ann')).toMatchObject({ active: 10, expired: 0 });
  // The due index knows the new time; nobody is looked at before.
  const [row] = await ledger.sql(
    'ledger',
  )`select count(*) as n from balance where next_expiry_at <= ${now()}::timestamptz`;
  expect(row?.n).toBe(0);
  expect((await told('cat')).map(({ type, time }) => [type, time])).toEqual([
    ['points.expiring_soon', '2026-12-18T08:00:00Z'],
    ['points.expired', '2026-12-21T22:59:59.999Z'],
  ]);
  expect(await told('ann')).toEqual([]);
});

test('points that were told of and kept after that are told of again', async () => {
  await at('2027-01-05T08:00:00Z');
  await ledger.send(visit('ann'));
  await at('2027-01-05T08:00:01Z');
  // 4 February in Berlin.
  expect((await ledger.balance('ann')).nextExpiration).toEqual({ points: 10, at: '2027-02-04T22:59:59.999Z' });
  await at('2027-01-09T22:59:59.999Z');
  expect(await ledger.balance('bob')).toMatchObject({ active: 0, expired: 10 });
  await at('2027-02-01T08:00:00Z');
  await at('2027-02-04T22:59:59.999Z');
  const events = await told('ann');
  expect(events.map(({ type, points }) => [type, points])).toEqual([
    ['points.expiring_soon', 10],
    ['points.expiring_soon', 10],
    ['points.expired', 10],
  ]);
  expect(events[2]?.time).toBe('2027-02-04T22:59:59.999Z');
  expect(new Set(events.map(({ id }) => id)).size).toBe(3);
});

test('what is past its time is not brought back, whether or not the sweep has been by', async () => {
  await ledger.send(purchase('dan', 'dan-1', 1_000, { time: now() }), purchase('eve', 'eve-1', 1_000, { time: now() }));
  const short = await ledger.call('POST', '/v1/customers/eve/reservations', { points: 4, ttlSeconds: 604_800 });
  ledger.clock.set('2027-03-06T23:00:00Z');
  await ledger.send(purchase('dan', 'dan-2', 500, { time: now() }));
  expect(await ledger.balance('dan')).toMatchObject({ active: 5, expired: 10 });
  expect((await ledger.call('POST', `/v1/reservations/${short.json().reservationId}/capture`)).statusCode).toBe(409);
});

test('points given back into a lot that has expired expire again, however active the customer is', async () => {
  await ledger.send(purchase('gil', 'gil-1', 1_000, { time: now() }));
  const expiresAt = Temporal.Instant.from((await ledger.balance('gil')).nextExpiration.at);
  await at(expiresAt.subtract({ hours: 24 }).toString());
  const held = await ledger.call('POST', '/v1/customers/gil/reservations', { points: 4, ttlSeconds: 604_800 });
  await at(expiresAt.add({ hours: 1 }).toString());
  expect(await ledger.balance('gil')).toMatchObject({ active: 0, reserved: 4, expired: 6 });
  await ledger.send(purchase('gil', 'gil-2', 500, { time: now() }));
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/release`);
  expect(await ledger.balance('gil')).toMatchObject({ active: 5, reserved: 0, expired: 10 });
  await ledger.settle();
  expect(await ledger.balance('gil')).toMatchObject({ active: 5, reserved: 0, expired: 10 });
});

test('spending keeps what is left', async () => {
  await ledger.send(purchase('fay', 'fay-1', 1_000, { time: now() }));
  const first = (await ledger.balance('fay')).nextExpiration.at;
  ledger.clock.advance('P14D');
  const held = await ledger.call('POST', '/v1/customers/fay/reservations', { points: 4 });
  expect((await ledger.balance('fay')).nextExpiration.at).toBe(first);
  expect((await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`)).statusCode).toBe(200);
  expect((await ledger.balance('fay')).nextExpiration).toEqual({ points: 6, at: daysAfter(first, 14) });
  // Points that a refund takes are found among those that were kept.
  ledger.clock.advance('P20D');
  await ledger.send(refund('fay', 'fay-r', { scope: 'amount', orderId: 'fay-1', amountMinor: 300, time: now() }));
  expect(await ledger.balance('fay')).toMatchObject({ active: 3, expired: 0 });
  const again = await ledger.call('POST', '/v1/customers/fay/reservations', { points: 3 });
  expect(again.statusCode).toBe(201);
  await ledger.call('POST', `/v1/reservations/${again.json().reservationId}/release`);
});

test('spending brings nothing back that is past its time, whether or not the sweep has been by, and each of it is told once', async () => {
  await ledger.send(purchase('pia', 'pia-1', 1_000, { time: now() }));
  ledger.clock.advance('P29D');
  const hold = async () =>
    (await ledger.call('POST', '/v1/customers/pia/reservations', { points: 2, ttlSeconds: 259_200 })).json();
  const [first, second] = [await hold(), await hold()];
  ledger.clock.advance('P2D');
  const capture = async ({ reservationId }: { reservationId: string }) =>
    (await ledger.call('POST', `/v1/reservations/${reservationId}/capture`)).json();
  await capture(first);
  expect(await ledger.balance('pia')).toMatchObject({ active: 0, spent: 2, reserved: 2, expired: 6 });
  await capture(second);
  await ledger.settle();
  expect(await ledger.balance('pia')).toMatchObject({ active: 0, spent: 4, reserved: 0, expired: 6 });
  expect((await told('pia')).filter(({ type }) => type !== 'points.expiring_soon')).toMatchObject([
    { type: 'points.redeemed', points: 2 },
    { type: 'points.expired', points: 6 },
    { type: 'points.redeemed', points: 2 },
  ]);
});

test('merged: the later activity of both keeps the points of both', async () => {
  await ledger.send(purchase('old', 'old-1', 1_000, { time: now() }));
  const first = (await ledger.balance('old')).nextExpiration.at;
  ledger.clock.advance('P10D');
  await ledger.send(purchase('new', 'new-1', 1_000, { time: now() }));
  await ledger.send(
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId: 'new', intoCustomerId: 'old' }),
  );
  expect(await ledger.balance('old')).toMatchObject({
    active: 20,
    nextExpiration: { points: 20, at: daysAfter(first, 10) },
  });
});

test('merged: what is past its time does not come alive by the activity of the other, nor pays its debts', async () => {
  await ledger.send(purchase('hal', 'hal-1', 1_000, { time: now() }), purchase('ida', 'ida-1', 300, { time: now() }));
  ledger.clock.advance('P20D');
  await ledger.send(purchase('jon', 'jon-1', 700, { time: now() }));
  const held = await ledger.call('POST', '/v1/customers/ida/reservations', { points: 3 });
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`);
  await ledger.send(refund('ida', 'ida-r', { scope: 'whole', orderId: 'ida-1', time: now() }));
  // Past the time of the first one's points; nothing was swept.
  ledger.clock.advance('P15D');
  const merged = (customerId: string, intoCustomerId: string) =>
    event(CustomerMerged, { id: newId(), source: '/test', time: now() }, { customerId, intoCustomerId });
  await ledger.send(merged('hal', 'jon'), merged('ida', 'hal'));
  expect(await ledger.balance('jon')).toMatchObject({ active: 4, negative: 0 });
  const [row] = await ledger.sql('ledger')`select expired from balance where customer_id = 'hal'`;
  expect(row).toEqual({ expired: 10 });
});

test('points that became spendable and expired unseen do not come alive by what is done after that', async () => {
  const expiry: Expiry = { kind: 'sliding', amount: 1, unit: 'days', activities: ['purchase'], interactionTypes: [] };
  const activation = { kind: 'after', amount: 24, unit: 'hours' };
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiry, activation });
  expect(answer.statusCode, answer.body).toBe(200);
  await ledger.send(purchase('kim', 'kim-1', 1_000, { time: now() }));
  // Spendable a day later, gone after another; nothing was swept.
  ledger.clock.advance('P4D');
  await ledger.send(purchase('kim', 'kim-2', 500, { time: now() }));
  expect(await ledger.balance('kim')).toMatchObject({ active: 0, pending: 5, expired: 10 });
});

test('what an activity has kept is kept when points slide no more, what is earned after that is not', async () => {
  const change = async (expiry: Expiry): Promise<void> => {
    const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiry });
    expect(answer.statusCode, answer.body).toBe(200);
  };
  const ends = async (customerId: string) =>
    (await ledger.call('GET', `/v1/customers/${customerId}/lots`))
      .json()
      .lots.map(({ granted, expiresAt }: { granted: number; expiresAt: string }) => [granted, expiresAt.slice(0, 10)]);
  const start = now();
  const today = Temporal.Instant.from(start).toZonedDateTimeISO(PROGRAMME.timeZone).toPlainDate();
  const dayIn = (days: number): string => today.add({ days }).toString();
  await change(SLIDING);
  await ledger.send(purchase('lea', 'lea-1', 1_000, { time: now() }), purchase('mia', 'mia-1', 1_000, { time: now() }));
  await change({ kind: 'rolling', amount: 10, unit: 'days' });
  await at(daysAfter(start, 1));
  // By the set-based way, and by the one for who owes points.
  await ledger.send(purchase('lea', 'lea-2', 2_000, { time: now() }), purchase('noa', 'noa-1', 500, { time: now() }));
  await ledger.send(
    purchase('mia', 'mia-2', 2_000, { time: now() }),
    refund('mia', 'mia-3', { scope: 'amount', time: now(), amountMinor: 500 }),
  );
  for (const customerId of ['lea', 'mia'])
    expect(await ends(customerId)).toEqual(
      expect.arrayContaining([
        [10, dayIn(30)],
        [20, dayIn(11)],
      ]),
    );
  expect(await ends('noa')).toEqual([[5, dayIn(11)]]);
  // Who bought when points did not slide is kept by what comes when they do again.
  await change(SLIDING);
  await at(daysAfter(start, 9));
  await ledger.send(visit('noa'), visit('lea'));
  expect(await ends('noa')).toEqual([[5, dayIn(39)]]);
  await at(daysAfter(start, 12));
  expect(await ledger.balance('lea')).toMatchObject({ active: 10, expired: 20 });
});

test('with a fixed expiry nothing slides', async () => {
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiresAfterDays: 30 });
  expect(answer.statusCode, answer.body).toBe(200);
  await ledger.send(purchase('gus', 'gus-1', 1_000, { time: now() }));
  const { at: before } = (await ledger.balance('gus')).nextExpiration;
  ledger.clock.advance('P5D');
  await ledger.send(purchase('gus', 'gus-2', 50, { time: now() }), visit('gus'));
  expect((await ledger.balance('gus')).nextExpiration).toEqual({ points: 10, at: before });
  const [row] = await ledger.sql('ledger')`select slides_until from balance where customer_id = 'gus'`;
  expect(row?.slides_until).toBeNull();
});

test('a reward that is claimed keeps the points that are left', async () => {
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiry: SLIDING });
  await ledger.send(purchase('rhea', 'rhea-1', 1_000, { time: now() }));
  const { rewardId } = (await ledger.call('POST', '/v1/rewards', { name: { en: 'Cup' }, costPoints: 3 })).json();
  await ledger.call('POST', `/v1/rewards/${rewardId}/activate`);
  await at(daysAfter(now(), 20));
  expect((await ledger.call('POST', `/v1/customers/rhea/rewards/${rewardId}/claims`)).statusCode).toBe(201);
  await at(daysAfter(now(), 20));
  expect(await ledger.balance('rhea')).toMatchObject({ active: 7, spent: 3, expired: 0 });
  await at(daysAfter(now(), 11));
  expect(await ledger.balance('rhea')).toMatchObject({ active: 0, spent: 3, expired: 7 });
});
