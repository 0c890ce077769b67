import { Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerErased, customerMerged, REWARD, redemptions } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;

const { ok, earn, addReward, addPool, claim, cancel, stockLeft, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '16' } });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('a claim spends points, takes a piece and gives a code, and the entry and the event say so', async () => {
  await earn(35, 'ann');
  const pool = await addPool({}, { generate: 3, validDays: 2 });
  const rewardId = await addReward({ stock: 3, couponPoolId: pool });
  const answer = await claim('ann', rewardId);
  expect(answer.statusCode, answer.body).toBe(201);
  const body = answer.json();
  expect(body).toMatchObject({ rewardId, customerId: 'ann', points: 10, status: 'claimed', rewardRevision: 2 });
  expect(body.couponCode).toMatch(/^VAFA-[34679CFHJKMNPRTVWXY]{4}-[34679CFHJKMNPRTVWXY]{4}-[34679CFHJKMNPRTVWXY]{2}$/);
  expect(body.balance).toMatchObject({ active: 25, reserved: 0, spent: 10 });
  expect(await stockLeft(rewardId)).toBe(2);
  const { entries } = await ok('GET', '/v1/customers/ann/statement?limit=1');
  expect(entries[0]).toMatchObject({
    entryId: body.entryId,
    kind: 'redeem',
    points: -10,
    reservationId: body.reservationId,
    reason: 'reward: Cup',
  });
  await ledger.settle();
  const events = (await ledger.events(Topics.points)).filter(({ type }) => type === 'points.redeemed');
  expect(events).toMatchObject([{ id: body.entryId, data: { customerId: 'ann', points: 10 } }]);
  // To the end of the second day after, in Berlin.
  expect(await ok('GET', `/v1/coupons/${body.couponCode}`)).toMatchObject({
    customerId: 'ann',
    claimId: body.claimId,
    expiresAt: '2026-11-23T22:59:59.999Z',
  });
  expect(await ok('GET', `/v1/reward-claims/${body.claimId}`)).toMatchObject({
    couponCode: body.couponCode,
    points: 10,
  });
  expect((await redeem('bob-order', [body.couponCode], { customerId: 'bob' })).json().results[0].reason).toBe(
    'other_customer',
  );
  expect((await redeem('ann-order', [body.couponCode], { customerId: 'ann' })).json()).toMatchObject({
    discountMinor: 100,
  });
});

test('each reason not to give a reward has its code, and nothing is taken then', async () => {
  await earn(5, 'fay');
  const refused = async (rewardId: string) => {
    const answer = await claim('fay', rewardId);
    expect(answer.statusCode).toBe(422);
    return answer.json();
  };
  const draft = (await ok('POST', '/v1/rewards', REWARD)).rewardId;
  expect((await refused(draft)).code).toBe('ledger.reward_not_active');
  expect(await refused(await addReward())).toMatchObject({
    code: 'ledger.insufficient_points',
    available: 5,
    requested: 10,
  });
  const cheap = { costPoints: 1 };
  const startsAt = '2027-01-01T00:00:00Z';
  expect((await refused(await addReward({ ...cheap, startsAt }))).code).toBe('ledger.reward_not_started');
  const endsAt = '2026-11-21T08:00:00Z';
  expect((await refused(await addReward({ ...cheap, endsAt }))).code).toBe('ledger.reward_ended');
  const audience = { segments: ['vip'] };
  expect((await refused(await addReward({ ...cheap, audience }))).code).toBe('ledger.reward_not_for_customer');
  expect((await refused(await addReward({ ...cheap, stock: 0 }))).code).toBe('ledger.reward_out_of_stock');
  const couponPoolId = await addPool({}, { codes: [] });
  expect((await refused(await addReward({ ...cheap, couponPoolId }))).code).toBe('ledger.reward_no_coupon_left');
  const once = await addReward({ ...cheap, perCustomer: 1 });
  expect((await claim('fay', once)).statusCode).toBe(201);
  expect((await refused(once)).code).toBe('ledger.reward_customer_limit');
  expect(await ledger.balance('fay')).toMatchObject({ active: 4, spent: 1 });
});

test('a reward whose coupon could not be used takes no points, and the catalogue says so', async () => {
  await earn(50, 'uma');
  const endsAt = '2026-11-21T08:00:00Z';
  const paused = await addPool({}, { codes: ['PAUSED-1'] });
  await ok('POST', `/v1/coupon-pools/${paused}/pause`);
  const begins = { startsAt: '2026-12-01T00:00:00Z' };
  const own = await addPool({ perCustomer: 1 }, { codes: ['OWNED-1', 'OWNED-2'] });
  const ofOwn = await addReward({ couponPoolId: own });
  expect((await claim('uma', ofOwn)).statusCode).toBe(201);
  const expected: [string, string][] = [
    [paused, 'coupon_not_usable'],
    [await addPool({ endsAt }, { codes: ['OVER-1'] }), 'coupon_not_usable'],
    [await addPool({ audience: { tiers: ['gold'] } }, { codes: ['GOLDEN-1'] }), 'coupon_not_usable'],
    // It would end before its pool begins.
    [await addPool(begins, { codes: ['EARLY-1'], validDays: 2 }), 'coupon_not_usable'],
    // By the day in Berlin, which is over before that in Greenwich.
    [await addPool({ startsAt: '2026-11-21T23:30:00Z' }, { codes: ['NIGHT-1'], validDays: 0 }), 'coupon_not_usable'],
    [await addPool(begins, { codes: ['EARLY-2,2026-11-30T00:00:00Z'] }), 'no_coupon_left'],
    [await addPool({}, { codes: ['PAST-1,2026-11-01T00:00:00Z'] }), 'no_coupon_left'],
  ];
  const whyNot = new Map([[ofOwn, 'coupon_not_usable']]);
  for (const [couponPoolId, reason] of expected) whyNot.set(await addReward({ couponPoolId }), reason);
  for (const [rewardId, reason] of whyNot) {
    const answer = await claim('uma', rewardId);
    expect(answer.json(), answer.body).toMatchObject({ status: 422, code: `ledger.reward_${reason}` });
  }
  const { rewards } = await ok('GET', '/v1/customers/uma/rewards?limit=200');
  const told = new Map(rewards.map((each: { rewardId: string }) => [each.rewardId, each]));
  for (const [rewardId, reason] of whyNot)
    expect(told.get(rewardId)).toMatchObject({ claimable: false, whyNot: [reason] });
  expect(await ledger.balance('uma')).toMatchObject({ active: 40, spent: 10 });
});

test('codes that ended are passed over, those that end first are given first', async () => {
  await earn(40, 'una');
  const codes = [
    'A-101,2026-11-21T08:00:00.000Z',
    'B-101,',
    'C-101,2027-01-01T00:00:00Z',
    'D-101,2026-11-21T08:00:00.001Z',
  ];
  const rewardId = await addReward({ couponPoolId: await addPool({}, { codes }) });
  for (const couponCode of ['D-101', 'C-101', 'B-101'])
    expect((await claim('una', rewardId)).json()).toMatchObject({ couponCode });
  expect((await claim('una', rewardId)).json()).toMatchObject({ code: 'ledger.reward_no_coupon_left' });
});

test('a code whose pool is still to begin is given if it does not end before', async () => {
  await earn(10, 'ula');
  const couponPoolId = await addPool({ startsAt: '2026-11-22T00:00:00Z' }, { generate: 1, validDays: 2 });
  expect((await claim('ula', await addReward({ couponPoolId }))).statusCode).toBe(201);
});

test('a cancelled claim gives everything back: points into their lots, the piece, and the code is void', async () => {
  await earn(30, 'gus');
  const couponPoolId = await addPool({}, { generate: 2 });
  const rewardId = await addReward({ costPoints: 20, stock: 2, perCustomer: 1, couponPoolId });
  const { claimId, couponCode, entryId } = (await claim('gus', rewardId)).json();
  const lots = () => ledger.sql('ledger')`select id, remaining from lot where customer_id = 'gus'`;
  expect(await lots()).toMatchObject([{ remaining: 10 }]);
  const cancelled = await cancel(claimId, { reason: 'broken' });
  expect(cancelled.statusCode, cancelled.body).toBe(200);
  expect(cancelled.json()).toMatchObject({
    status: 'cancelled',
    cancelReason: 'broken',
    balance: { active: 30, spent: 0 },
  });
  expect(await lots()).toMatchObject([{ remaining: 30 }]);
  expect(await stockLeft(rewardId)).toBe(2);
  const { entries } = await ok('GET', '/v1/customers/gus/statement?limit=1');
  expect(entries[0]).toMatchObject({
    entryId: cancelled.json().cancelEntryId,
    kind: 'redeem_reversal',
    points: 20,
    balanceAfter: 30,
    reversesId: entryId,
    reason: 'broken',
  });
  expect((await redeem('gus-order', [couponCode], { customerId: 'gus' })).json().results[0].reason).toBe('disabled');
  expect((await cancel(claimId)).json()).toMatchObject({ status: 409, code: 'ledger.claim_cancelled' });
  // A cancelled claim doesn't count: the customer may have another.
  expect((await claim('gus', rewardId)).statusCode).toBe(201);
  expect((await ok('GET', '/v1/customers/gus/reward-claims?limit=1')).claims).toMatchObject([{ status: 'claimed' }]);
});

test('a claim whose code is held or used stays; released, it can be cancelled', async () => {
  await earn(10, 'hal');
  const rewardId = await addReward({ couponPoolId: await addPool({}, { generate: 1 }) });
  const { claimId, couponCode } = (await claim('hal', rewardId)).json();
  expect((await redeem('hal-order', [couponCode], { customerId: 'hal', holdSeconds: 60 })).statusCode).toBe(201);
  expect((await cancel(claimId)).json()).toMatchObject({ code: 'ledger.claim_coupon_used', held: 1, used: 0 });
  await ok('POST', '/v1/coupons/redemptions/hal-order/redeem');
  expect((await cancel(claimId)).json()).toMatchObject({ code: 'ledger.claim_coupon_used', held: 0, used: 1 });
  await ok('POST', '/v1/coupons/redemptions/hal-order/release');
  expect((await cancel(claimId)).statusCode).toBe(200);
  expect((await cancel('01890000-0000-7000-8000-000000000000')).json().code).toBe('ledger.claim_not_found');
});

test('a claim whose code was used stays, though the code was voided since; one that was only voided is cancelled', async () => {
  await earn(20, 'hana');
  const rewardId = await addReward({ couponPoolId: await addPool({}, { generate: 2 }) });
  const [used, unused] = [(await claim('hana', rewardId)).json(), (await claim('hana', rewardId)).json()];
  expect((await redeem('hana-order', [used.couponCode], { customerId: 'hana' })).statusCode).toBe(201);
  for (const { couponCode } of [used, unused]) await ok('POST', `/v1/coupons/${couponCode}/void`);
  expect((await cancel(used.claimId)).json()).toMatchObject({ code: 'ledger.claim_coupon_used', held: 0, used: 1 });
  expect((await cancel(unused.claimId)).statusCode).toBe(200);
  expect(await ledger.balance('hana')).toMatchObject({ active: 10, spent: 10 });
});

test('the same reference is the same claim, for ever; of another customer or reward it is refused', async () => {
  await earn(40, 'ida', 'ivo');
  const rewardId = await addReward();
  const first = await claim('ida', rewardId, { reference: 'cart-1' });
  const again = await claim('ida', rewardId, { reference: 'cart-1' });
  expect(again.json().claimId).toBe(first.json().claimId);
  expect(await ledger.balance('ida')).toMatchObject({ active: 30 });
  for (const answer of [
    await claim('ivo', rewardId, { reference: 'cart-1' }),
    await claim('ida', await addReward(), { reference: 'cart-1' }),
  ])
    expect(answer.json()).toMatchObject({ status: 409, code: 'ledger.reference_reused' });
  // Two customers at once under one reference: one of them gets it.
  const both = await Promise.all(['ida', 'ivo'].map((id) => claim(id, rewardId, { reference: 'cart-2' })));
  expect(both.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409]);
});

test('a merged customer takes its claims and codes along; an erased one leaves neither name nor reason', async () => {
  await earn(20, 'lea', 'leo');
  const couponPoolId = await addPool({}, { generate: 3 });
  const rewardId = await addReward({ couponPoolId });
  const { couponCode } = (await claim('lea', rewardId)).json();
  await ledger.send(customerMerged('lea', 'leo'));
  expect((await ok('GET', '/v1/customers/lea/reward-claims')).claims).toMatchObject([
    { customerId: 'leo', couponCode },
  ]);
  expect((await redeem('leo-order', [couponCode], { customerId: 'lea' })).json()).toMatchObject({ customerId: 'leo' });
  const { claimId } = (await claim('leo', rewardId)).json();
  await cancel(claimId, { reason: 'Leo called' });
  const again = (await claim('leo', rewardId)).json().claimId;
  await ledger.send(customerErased('leo'));
  for (const table of ['reward_claim', 'coupon', 'coupon_redemption', 'coupon_use'])
    expect(
      await ledger.sql('ledger')`select 1 from ${ledger.sql('ledger')(table)} where customer_id in ('lea', 'leo')`,
    ).toEqual([]);
  expect(await ledger.sql('ledger')`select 1 from reward_claim where cancel_reason = 'Leo called'`).toEqual([]);
  expect((await cancel(again)).json()).toMatchObject({ status: 409, code: 'ledger.customer_erased' });
});
