import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';

/** The machine's clock is finer than what is kept: instants are told the same at once and ever after. */
let ledger: LedgerHarness;
const { ok, earn, addPool, addReward, claim, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { now: '2026-11-21T08:00:00.123456789Z' });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('a coupon redemption, at once, asked again and read', async () => {
  await addPool({}, { codes: ['FINE-1'] });
  const more = { holdSeconds: 60 };
  const first = (await redeem('order-1', ['FINE-1'], more)).json();
  expect(first).toMatchObject({ createdAt: '2026-11-21T08:00:00.123Z', expiresAt: '2026-11-21T08:01:00.123Z' });
  expect((await redeem('order-1', ['FINE-1'], more)).json()).toEqual(first);
  expect(await ok('GET', '/v1/coupons/redemptions/order-1')).toEqual(first);
});

test('a reservation, at once and read', async () => {
  await earn(10, 'ann');
  const held = await ok('POST', '/v1/customers/ann/reservations', { points: 5, ttlSeconds: 60 });
  const expiresAt = '2026-11-21T08:01:00.123Z';
  expect(held).toMatchObject({ expiresAt });
  expect(await ok('GET', `/v1/reservations/${held.reservationId}`)).toMatchObject({
    createdAt: '2026-11-21T08:00:00.123Z',
    expiresAt,
  });
});

test('a claim, at once, asked again and read', async () => {
  await earn(10, 'bob');
  const rewardId = await addReward();
  const { balance: _, ...first } = (await claim('bob', rewardId, { reference: 'once' })).json();
  expect(first.claimedAt).toBe('2026-11-21T08:00:00.123Z');
  expect((await claim('bob', rewardId, { reference: 'once' })).json()).toMatchObject(first);
  expect(await ok('GET', `/v1/reward-claims/${first.claimId}`)).toEqual(first);
});
