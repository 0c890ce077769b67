import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions, TERMS } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;
const { ok, earn, addPool, addReward, claim, redeem, validate } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ timeZone: 'Asia/Tehran' });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const countsOf = async (poolId: string) => (await ok('GET', `/v1/coupon-pools/${poolId}`)).counts;
const statesOf = async (poolId: string): Promise<Record<string, string>> => {
  const { body } = await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes?format=ndjson`);
  const rows = body.trimEnd().split('\n');
  return Object.fromEntries(rows.map((row) => JSON.parse(row)).map(({ code, status }) => [code, status]));
};
const reasonOf = async (code: string, customerId = 'ann') => {
  const [{ accepted, reason }] = (await validate([code], { customerId })).json().results;
  return accepted ? 'accepted' : reason;
};

test('codes are free up to the instant at which they end, wherever its clock is, and told as expired from it on', async () => {
  const codes = ['LONG-1', 'TEHRAN-1,2026-12-01T00:00:00+03:30', 'UTC-1,2026-11-30T20:30:00.001Z', 'USED-1', 'VOID-1'];
  const poolId = await addPool({ endsAt: '2026-12-02T00:00:00+03:30' }, { codes });
  await redeem('used', ['USED-1'], { customerId: 'ann' });
  await ok('POST', '/v1/coupons/VOID-1/void');
  const always = { codes: 5, voided: 1, usesReserved: 0, usesMade: 1 };
  const fixed = { 'USED-1': 'used', 'VOID-1': 'void' };

  ledger.clock.set('2026-11-30T20:29:59.999Z');
  expect(await countsOf(poolId)).toEqual({ ...always, free: 3, expired: 0 });
  expect(await reasonOf('TEHRAN-1')).toBe('accepted');
  ledger.clock.set('2026-11-30T20:30:00Z');
  expect(await countsOf(poolId)).toEqual({ ...always, free: 2, expired: 1 });
  expect(await statesOf(poolId)).toEqual({ ...fixed, 'LONG-1': 'free', 'TEHRAN-1': 'expired', 'UTC-1': 'free' });
  expect([await reasonOf('TEHRAN-1'), await reasonOf('UTC-1')]).toEqual(['expired', 'accepted']);

  ledger.clock.set('2026-12-01T20:29:59.999Z');
  expect(await countsOf(poolId)).toEqual({ ...always, free: 1, expired: 2 });
  expect(await reasonOf('LONG-1')).toBe('accepted');
  ledger.clock.set('2026-12-01T20:30:00Z');
  expect(await countsOf(poolId)).toEqual({ ...always, free: 0, expired: 3 });
  expect(await statesOf(poolId)).toMatchObject({ ...fixed, 'LONG-1': 'expired' });
  expect(await reasonOf('LONG-1')).toBe('expired');
  // The pool goes on: what has no end of its own is free again.
  await ok('PUT', `/v1/coupon-pools/${poolId}`, { name: 'Pool', validDays: null, terms: { ...TERMS, endsAt: null } });
  expect(await countsOf(poolId)).toEqual({ ...always, free: 1, expired: 2 });
});

test('days of validity are those of the programme: a code that was given is expired after them, and nobody has it free', async () => {
  await earn(100, 'ann');
  const couponPoolId = await addPool({}, { codes: ['GIVEN-1', 'SPARE-1'], validDays: 2 });
  // Half past midnight in Tehran, still the day before in UTC.
  ledger.clock.set('2026-12-04T21:00:00Z');
  const { couponCode } = (await claim('ann', await addReward({ couponPoolId }))).json();
  expect(couponCode).toBe('GIVEN-1');
  expect(await ok('GET', '/v1/coupons/GIVEN-1')).toMatchObject({ expiresAt: '2026-12-07T20:29:59.999Z' });
  ledger.clock.set('2026-12-07T20:29:59.998Z');
  expect([await reasonOf('GIVEN-1'), (await countsOf(couponPoolId)).expired]).toEqual(['accepted', 0]);
  ledger.clock.set('2026-12-07T20:29:59.999Z');
  expect(await reasonOf('GIVEN-1')).toBe('expired');
  expect(await countsOf(couponPoolId)).toMatchObject({ codes: 2, free: 1, expired: 1 });
  expect(await statesOf(couponPoolId)).toEqual({ 'GIVEN-1': 'expired', 'SPARE-1': 'free' });
});

test('a code that is given ends at its own end or after the days of validity, whichever comes first', async () => {
  await earn(100, 'bea');
  ledger.clock.set('2026-12-08T08:00:00Z');
  const endsOf = async (codes: string[], validDays?: number) => {
    const couponPoolId = await addPool({}, { codes, ...(validDays === undefined ? {} : { validDays }) });
    const rewardId = await addReward({ couponPoolId });
    const ends: string[] = [];
    for (const _ of codes) {
      const { couponCode } = (await claim('bea', rewardId)).json();
      ends.push((await ok('GET', `/v1/coupons/${couponCode}`)).expiresAt);
    }
    return ends.map((end) => Date.parse(end));
  };
  const [early, late] = ['2026-12-09T00:00:00Z', '2027-06-01T00:00:00Z'];
  expect(await endsOf([`DAYS-1,${early}`, `DAYS-2,${late}`], 10)).toEqual(
    [early, '2026-12-18T20:29:59.999Z'].map((end) => Date.parse(end)),
  );
  expect(await endsOf([`OWN-1,${early}`])).toEqual([Date.parse(early)]);
});
