import { event, InteractionRecorded } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activation } from '../domain/activation.ts';
import type { Expiry } from '../domain/expiry-policy.ts';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';

/** What is read between an instant and the sweep that comes after it: what is read once the sweep has been by. */

let ledger: LedgerHarness;
const { ok, addPool, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '8' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const { expiresAfterDays: _, ...BARE } = PROGRAMME;
const TWO_DAYS: Activation = { kind: 'after', amount: 2, unit: 'days' };
const TEN_DAYS: Expiry = { kind: 'rolling', amount: 10, unit: 'days' };
const SLIDING: Expiry = {
  ...{ kind: 'sliding', amount: 10, unit: 'days' },
  ...{ activities: ['purchase'], interactionTypes: ['store.visited'] },
};

const use = (more: object) => ok('PUT', '/v1/programme', { ...BARE, ...more });
const pass = (days: number): void => ledger.clock.advance({ hours: 24 * days });
const now = (): string => ledger.clock.now().toString();
const buy = (customerId: string, orderId: string, points: number) =>
  ledger.send(purchase(customerId, orderId, points * 100, { time: now() }));

/** Everything that tells of a customer's points. */
const readAll = async (customerId: string, orderIds: readonly string[]) => {
  const read = (what: string) => ok('GET', `/v1/customers/${customerId}/${what}`);
  const [balance, open, pending, all] = await Promise.all([
    ledger.balance(customerId),
    ...['open', 'pending', 'all'].map(async (state) => (await read(`lots?state=${state}`)).lots),
  ]);
  const earnings = await Promise.all(
    orderIds.map(async (id) => (await ok('GET', `/v1/orders/${id}/earnings`)).earnings),
  );
  return { balance, open, pending, all, earnings };
};
const sum = (
  lots: { remaining: number; pending: number; expired: number }[],
  part: 'remaining' | 'pending' | 'expired',
) => lots.reduce((points, lot) => points + lot[part], 0);

/** Reads before the sweep and after it: the same, and the lots say what the balance says. Returns it. */
const readTwice = async (customerId: string, ...orderIds: string[]) => {
  const before = await readAll(customerId, orderIds);
  await ledger.settle();
  expect(before).toEqual(await readAll(customerId, orderIds));
  expect(sum(before.open, 'remaining')).toBe(before.balance.active);
  expect(sum(before.pending, 'pending')).toBe(before.balance.pending);
  expect(sum(before.all, 'remaining')).toBe(before.balance.active);
  expect(sum(before.all, 'expired')).toBe(before.balance.expired);
  return before;
};

test('points past their expiry are expired', async () => {
  await use({ expiry: TEN_DAYS });
  await buy('ann', 'ann-1', 10);
  pass(5);
  await buy('ann', 'ann-2', 20);
  pass(6);
  const { balance, open, earnings } = await readTwice('ann', 'ann-1', 'ann-2');
  expect(balance).toMatchObject({ active: 20, expired: 10 });
  expect(open).toMatchObject([{ orderId: 'ann-2', remaining: 20 }]);
  expect(earnings).toMatchObject([[{ lot: { remaining: 0, expired: 10 } }], [{ lot: { remaining: 20, expired: 0 } }]]);
});

test('points that activity keeps are there as long as it keeps them', async () => {
  await use({ expiry: SLIDING });
  await buy('bob', 'bob-1', 10);
  pass(5);
  await ledger.send(
    event(
      InteractionRecorded,
      { id: newId(), source: '/test', time: now() },
      { customerId: 'bob', interactionType: 'store.visited' },
    ),
  );
  pass(6);
  const kept = await readTwice('bob', 'bob-1');
  expect(kept.open).toMatchObject([{ remaining: 10 }]);
  pass(6);
  const gone = await readTwice('bob', 'bob-1');
  expect(gone.open).toEqual([]);
  expect(gone.all).toMatchObject([{ remaining: 0, expired: 10, expiresAt: kept.open[0].expiresAt }]);
});

test('what has an expiry of its own, or has expired once, is not kept by what keeps the rest', async () => {
  const visit = (customerId: string) => {
    const said = { customerId, interactionType: 'store.visited' };
    return ledger.send(event(InteractionRecorded, { id: newId(), source: '/test', time: now() }, said));
  };
  await use({
    expiry: SLIDING,
    rules: [
      {
        ...{ id: 'own', name: 'Own', order: 1, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: 7 } },
        expiry: { kind: 'rolling', amount: 5, unit: 'days' },
      },
    ],
  });
  await buy('ivy', 'ivy-1', 10);
  pass(3);
  await visit('ivy');
  pass(3);
  expect((await readTwice('ivy', 'ivy-1')).open).toMatchObject([{ remaining: 10 }]);

  await use({ expiry: SLIDING });
  await buy('jon', 'jon-1', 10);
  pass(8);
  const { reservationId } = await ok('POST', '/v1/customers/jon/reservations', { points: 4, ttlSeconds: 604_800 });
  pass(3);
  await ledger.settle();
  await buy('jon', 'jon-2', 1);
  await ok('POST', `/v1/reservations/${reservationId}/release`);
  const { balance, open } = await readTwice('jon', 'jon-1', 'jon-2');
  expect(balance).toMatchObject({ active: 1, expired: 10 });
  expect(open).toMatchObject([{ orderId: 'jon-2' }]);
});

test('points whose time has come are spendable, those that would have been and are past their expiry are expired', async () => {
  await use({ activation: TWO_DAYS, expiry: TEN_DAYS });
  await buy('cat', 'cat-1', 10);
  pass(3);
  const { open, pending } = await readTwice('cat', 'cat-1');
  expect(open).toMatchObject([{ remaining: 10, pending: 0, pendingUntil: null }]);
  expect(pending).toEqual([]);
  await buy('cat', 'cat-2', 20);
  pass(1);
  await buy('cat', 'cat-3', 5);
  pass(1);
  const some = await readTwice('cat', 'cat-1', 'cat-2', 'cat-3');
  expect(some.open.map(({ orderId }: { orderId: string }) => orderId)).toEqual(['cat-1', 'cat-2']);
  expect(some.pending).toMatchObject([{ orderId: 'cat-3' }]);
  pass(13);
  const { balance, all } = await readTwice('cat', 'cat-1', 'cat-2', 'cat-3');
  expect(balance).toMatchObject({ active: 0, pending: 0, expired: 35 });
  expect(all.map(({ expired }: { expired: number }) => expired)).toEqual([5, 20, 10]);
});

test('what becomes spendable pays off what is owed, one lot after the other', async () => {
  await use({});
  await buy('dan', 'dan-1', 25);
  await ok('POST', '/v1/customers/dan/adjustments', { points: -25, reason: 'spent' });
  await ledger.send(refund('dan', 'dan-r', { scope: 'whole', orderId: 'dan-1', time: now() }));
  expect(await ledger.balance('dan')).toMatchObject({ active: 0, negative: 25 });
  await use({ activation: TWO_DAYS });
  await buy('dan', 'dan-2', 10);
  await buy('dan', 'dan-3', 20);
  await buy('dan', 'dan-4', 5);
  pass(3);
  const { balance, open, earnings } = await readTwice('dan', 'dan-1', 'dan-2', 'dan-3', 'dan-4');
  expect(balance).toMatchObject({ active: 10, negative: 0, pending: 0 });
  expect(sum(open, 'remaining')).toBe(10);
  expect(open.length).toBeLessThan(3);
  expect(earnings[3]).toMatchObject([{ lot: { pending: 0, pendingUntil: null } }]);
});

test('what pays off what is owed has not expired, only what is left of it', async () => {
  await use({});
  await buy('deb', 'deb-1', 25);
  await ok('POST', '/v1/customers/deb/adjustments', { points: -25, reason: 'spent' });
  await ledger.send(refund('deb', 'deb-r', { scope: 'whole', orderId: 'deb-1', time: now() }));
  await use({ activation: TWO_DAYS, expiry: TEN_DAYS });
  await buy('deb', 'deb-2', 30);
  pass(13);
  const { balance } = await readTwice('deb', 'deb-1', 'deb-2');
  expect(balance).toMatchObject({ active: 0, negative: 0, pending: 0, expired: 5 });
});

test('points that awaited an interaction in vain are lost', async () => {
  await use({ activation: { kind: 'on_event', interactionType: 'parcel.kept', cancelAfterDays: 3 } });
  await buy('eva', 'eva-1', 10);
  const awaiting = await readTwice('eva', 'eva-1');
  expect(awaiting.pending).toMatchObject([{ pending: 10, awaits: 'parcel.kept' }]);
  // Nobody knows whether they ever become spendable.
  expect(awaiting.balance.nextActivation).toBeNull();
  pass(4);
  const { all, pending } = await readTwice('eva', 'eva-1');
  expect(pending).toEqual([]);
  expect(all).toMatchObject([{ pending: 0, expired: 10, pendingUntil: null }]);
});

test('pages of open lots go on over those that the sweep has yet to come by', async () => {
  await use({ activation: TWO_DAYS, expiry: TEN_DAYS });
  for (let i = 1; i <= 6; i++) {
    await buy('fay', `fay-${i}`, i);
    pass(3);
  }
  await use({ expiry: TEN_DAYS });
  await buy('fay', 'fay-now', 50);
  await use({ activation: TWO_DAYS, expiry: TEN_DAYS });
  await buy('fay', 'fay-late', 70);
  // The first ones expire, the last becomes spendable.
  pass(2);
  const pages = async (): Promise<unknown[]> => {
    const lots: unknown[] = [];
    let cursor = '';
    do {
      const page = await ok('GET', `/v1/customers/fay/lots?limit=2${cursor}`);
      lots.push(...page.lots);
      cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    return lots;
  };
  const before = await pages();
  const { open } = await readTwice('fay');
  expect(open.map(({ orderId }: { orderId: string }) => orderId)).toContain('fay-late');
  expect(before).toEqual(open);
  expect(await pages()).toEqual(open);
});

test('points that never expire are not told as expiring when activity once kept others alive', async () => {
  await use({ expiry: SLIDING });
  await buy('ida', 'ida-1', 10);
  await use({ expiry: { kind: 'none' }, activation: TWO_DAYS });
  await buy('ida', 'ida-2', 20);
  pass(2);
  const { balance } = await readTwice('ida', 'ida-1', 'ida-2');
  expect(balance).toMatchObject({ active: 30, nextExpiration: { points: 10 } });
});

test('so it is read from the very instant on, not before', async () => {
  const setTo = (instant: string, lessMs = 0) =>
    ledger.clock.set(Temporal.Instant.from(instant).subtract({ milliseconds: lessMs }));
  const expiresAt = async (customerId: string) => (await ledger.balance(customerId)).nextExpiration.at;
  const holds = async (customerId: string, active: number, pending: number, expired: number) => {
    const read = await readTwice(customerId, `${customerId}-1`);
    expect(read.balance).toMatchObject({ active, pending, expired });
    expect([read.open.length, read.pending.length]).toEqual([active, pending].map((points) => (points > 0 ? 1 : 0)));
  };
  await use({ expiry: TEN_DAYS });
  await buy('jo', 'jo-1', 10);
  const end = await expiresAt('jo');
  setTo(end, 1);
  await holds('jo', 10, 0, 0);
  setTo(end);
  await holds('jo', 0, 0, 10);

  await use({ expiry: SLIDING });
  await buy('lea', 'lea-1', 10);
  pass(5);
  const visit = { id: newId(), source: '/test', time: now() };
  await ledger.send(event(InteractionRecorded, visit, { customerId: 'lea', interactionType: 'store.visited' }));
  const kept = await expiresAt('lea');
  setTo(kept, 1);
  await holds('lea', 10, 0, 0);
  setTo(kept);
  await holds('lea', 0, 0, 10);

  await use({ activation: TWO_DAYS, expiry: TEN_DAYS });
  await buy('kay', 'kay-1', 10);
  const { nextActivation } = await ledger.balance('kay');
  setTo(nextActivation.at, 1);
  await holds('kay', 0, 10, 0);
  setTo(nextActivation.at);
  await holds('kay', 10, 0, 0);
  // Nobody has looked at the points of this one since they were earned.
  await buy('ned', 'ned-1', 10);
  const { lots } = await ok('GET', '/v1/customers/ned/lots?state=pending');
  setTo(lots[0].expiresAt);
  await holds('ned', 0, 0, 10);
});

test('reservations, payments with points and held coupons that timed out say so', async () => {
  await use({ pointValues: [{ currency: 'EUR', minor: 1, perPoints: 1 }] });
  await buy('gus', 'gus-1', 100);
  const { reservationId } = await ok('POST', '/v1/customers/gus/reservations', { points: 10, ttlSeconds: 60 });
  const payment = await ok('POST', '/v1/customers/gus/points-payments', {
    currency: 'EUR',
    amountMinor: 5,
    ttlSeconds: 60,
  });
  await addPool({}, { codes: ['HELD1'] });
  expect((await redeem('gus-2', ['HELD1'], { customerId: 'gus', holdSeconds: 60 })).statusCode).toBe(201);
  const read = async () => [
    (await ok('GET', `/v1/reservations/${reservationId}`)).status,
    (await ok('GET', `/v1/reservations/${payment.reservationId}`)).status,
    (await ok('GET', `/v1/points-payments/${payment.reservationId}`)).status,
    (await ok('GET', '/v1/coupons/redemptions/gus-2')).status,
    (await ok('GET', '/v1/coupons/HELD1')).orders.map(({ status }: { status: string }) => status),
  ];
  ledger.clock.advance('PT59S');
  expect(await read()).toEqual(['held', 'held', 'held', 'reserved', ['reserved']]);
  ledger.clock.advance('PT1S');
  const ended = ['timed_out', 'timed_out', 'timed_out', 'timed_out'];
  expect(await read()).toEqual([...ended, ['timed_out']]);
  const told = await ok('GET', `/v1/reservations/${reservationId}`);
  expect(told).not.toHaveProperty('closedAt');
  const late = await ledger.call('POST', `/v1/reservations/${reservationId}/capture`);
  expect(late.json()).toMatchObject({ code: 'ledger.reservation_closed', reservationStatus: told.status });
  await ledger.settle();
  expect(await read()).toEqual([...ended, []]);
  expect(await ok('GET', `/v1/reservations/${reservationId}`)).toMatchObject({ closedAt: now() });
});
