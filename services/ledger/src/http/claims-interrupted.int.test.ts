import { CustomerUpdated, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type InterruptedLedger, startInterruptedLedger } from '../test/interrupted-doors.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';

/** Every request, batch and job below is broken before and after each of its statements and at its commit, until it is done. */
let interrupted: InterruptedLedger;
const { ok, addPool, addReward, stockLeft } = redemptions(() => interrupted.ledger);
const post = (url: string, payload: object = {}) => interrupted.doors.post(url, payload);
const codeOf = (code: string) => ok('GET', `/v1/coupons/${code}`);

beforeAll(async () => {
  interrupted = await startInterruptedLedger({}, ['release-overdue-coupons', 'generate-codes']);
  const birthday = { id: 'birthday', name: 'birthday', order: 1, trigger: { on: 'birthday' } };
  const programme = { ...PROGRAMME, rules: [{ ...birthday, effect: { kind: 'fixed', points: 20 } }] };
  expect((await interrupted.ledger.call('PUT', '/v1/programme', programme)).statusCode).toBe(200);
});
afterAll(async () => {
  await interrupted.ledger.verify();
  await interrupted.ledger.stop();
});

const earn = (customerId: string, points: number): Promise<void> =>
  interrupted.doors.publish(Topics.purchases, [purchase(customerId, `${customerId}-earns`, points * 100)]);
const kindsOf = async (customerId: string): Promise<[string, number][]> => {
  const { entries } = await ok('GET', `/v1/customers/${customerId}/statement`);
  return entries.map(({ kind, points }: { kind: string; points: number }) => [kind, points]).reverse();
};

test('a claim that is broken spends once, takes one piece and one code; cancelled, all of it comes back once', async () => {
  const couponPoolId = await addPool();
  await ok('POST', `/v1/coupon-pools/${couponPoolId}/generate`, { codes: 2 });
  await interrupted.doors.sweep();
  expect(await ok('GET', `/v1/coupon-pools/${couponPoolId}`)).toMatchObject({ counts: { codes: 2, free: 2 } });
  const rewardId = await addReward({ stock: 2, couponPoolId });
  await earn('ann', 25);

  const url = `/v1/customers/ann/rewards/${rewardId}/claims`;
  const claim = (await post(url, { reference: 'ann-1' })).json();
  expect(claim).toMatchObject({ points: 10, status: 'claimed', balance: { active: 15, spent: 10 } });
  expect((await post(url, { reference: 'ann-1' })).json().claimId).toBe(claim.claimId);
  expect(await stockLeft(rewardId)).toBe(1);
  expect(await codeOf(claim.couponCode)).toMatchObject({ customerId: 'ann', claimId: claim.claimId });

  const cancelled = await post(`/v1/reward-claims/${claim.claimId}/cancel`);
  expect(cancelled.json()).toMatchObject({ status: 'cancelled', balance: { active: 25, spent: 0 } });
  expect((await post(`/v1/reward-claims/${claim.claimId}/cancel`)).json().code).toBe('ledger.claim_cancelled');
  expect(await stockLeft(rewardId)).toBe(2);
  expect(await kindsOf('ann')).toEqual([
    ['earn', 25],
    ['redeem', -10],
    ['redeem_reversal', 10],
  ]);
  const { lots } = await ok('GET', '/v1/customers/ann/lots');
  expect(lots).toMatchObject([{ remaining: 25 }]);
});

test('coupons that are redeemed, held, confirmed, given back and timed out are counted once, however it is broken', async () => {
  const [once, held, late] = ['BROKEN1', 'BROKEN2', 'BROKEN3'];
  await addPool({ perCustomer: 5 }, { codes: [once, held, late] as string[] });
  const redeem = (orderId: string, codes: unknown[], more: object = {}) =>
    post('/v1/coupons/redemptions', { orderId, customerId: 'bob', currency: 'EUR', totalMinor: 1_000, codes, ...more });
  expect((await redeem('bob-1', [once])).statusCode).toBe(201);
  expect((await redeem('bob-2', [held], { holdSeconds: 60 })).statusCode).toBe(201);
  expect((await redeem('bob-3', [late], { holdSeconds: 60 })).statusCode).toBe(201);
  expect(await codeOf(late as string)).toMatchObject({ reserved: 1, redeemed: 0 });

  expect((await post('/v1/coupons/redemptions/bob-2/redeem')).statusCode).toBe(200);
  expect((await post('/v1/coupons/redemptions/bob-1/release')).statusCode).toBe(200);
  interrupted.ledger.clock.advance({ seconds: 61 });
  await interrupted.doors.sweep();
  const statuses = await Promise.all(
    [1, 2, 3].map(async (n) => (await ok('GET', `/v1/coupons/redemptions/bob-${n}`)).status),
  );
  expect(statuses).toEqual(['released', 'redeemed', 'timed_out']);
  expect(await codeOf(once as string)).toMatchObject({ reserved: 0, redeemed: 0 });
  expect(await codeOf(held as string)).toMatchObject({ reserved: 0, redeemed: 1 });
  expect(await codeOf(late as string)).toMatchObject({ reserved: 0, redeemed: 0 });
  // What was given back can be used again, once.
  expect((await redeem('bob-4', [once])).statusCode).toBe(201);
  expect((await redeem('bob-5', [once])).statusCode).toBe(422);
});

test('a birthday is rewarded once, though its job is broken wherever it can be', async () => {
  const { ledger, doors } = interrupted;
  const birthDate = '1990-11-24';
  const known = (customerId: string) =>
    event(
      CustomerUpdated,
      { id: newId(), source: '/test', time: ledger.clock.now().toString() },
      { customerId, birthDate },
    );
  await doors.publish(Topics.customers, [known('dan'), known('eve')]);
  await doors.sweep();
  expect(await kindsOf('dan')).toEqual([]);
  ledger.clock.advance({ hours: 72 });
  await doors.sweep();
  await doors.sweep();
  for (const customerId of ['dan', 'eve']) expect(await kindsOf(customerId)).toEqual([['earn', 20]]);
});
