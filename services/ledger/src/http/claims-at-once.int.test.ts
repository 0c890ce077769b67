import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { REWARD, redemptions } from '../test/redemption.fixture.ts';
import { untilWaiting, whileLocked } from '../test/until-waiting.fixture.ts';

let ledger: LedgerHarness;

const { ok, earn, addReward, addPool, claim, cancel, stockLeft } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '16' } });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('one key and many requests at once: one claim', async () => {
  await earn(100, 'jon');
  const rewardId = await addReward({ stock: 5 });
  const headers = { 'idempotency-key': 'jon-claims' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => claim('jon', rewardId, {}, headers)));
  expect(new Set(answers.map((answer) => answer.json().claimId)).size).toBe(1);
  expect(answers.every(({ statusCode }) => statusCode === 201)).toBe(true);
  expect(await ledger.balance('jon')).toMatchObject({ active: 90 });
  expect(await stockLeft(rewardId)).toBe(4);
});

test('a thousand customers at once get what there is and not a piece more, each its own code', async () => {
  const customers = Array.from({ length: 1_000 }, (_, i) => `crowd-${i}`);
  await earn(10, ...customers);
  const couponPoolId = await addPool({}, { generate: 500 });
  const rewardId = await addReward({ stock: 137, couponPoolId });
  const answers = await Promise.all(customers.map((id) => claim(id, rewardId)));
  const given = answers.filter(({ statusCode }) => statusCode === 201).map((answer) => answer.json());
  expect(given).toHaveLength(137);
  expect(new Set(given.map(({ couponCode }) => couponCode)).size).toBe(137);
  const refusals = answers.filter(({ statusCode }) => statusCode !== 201).map((answer) => answer.json().code);
  expect(new Set(refusals)).toEqual(new Set(['ledger.reward_out_of_stock']));
  expect(await stockLeft(rewardId)).toBe(0);
  const [sums] = await ledger.sql('ledger')`select sum(active) as active, sum(spent) as spent from balance
    where customer_id like 'crowd-%'`;
  expect(sums).toMatchObject({ active: String(10_000 - 1_370), spent: '1370' });
  await ledger.verify();
}, 120_000);

test('the last code goes to one of many, whose points alone are spent', async () => {
  const customers = Array.from({ length: 40 }, (_, i) => `last-${i}`);
  await earn(10, ...customers);
  const rewardId = await addReward({ couponPoolId: await addPool({}, { codes: ['ONLY-1'] }) });
  const answers = await Promise.all(customers.map((id) => claim(id, rewardId)));
  expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
  expect(new Set(answers.filter(({ statusCode }) => statusCode !== 201).map((answer) => answer.json().code))).toEqual(
    new Set(['ledger.reward_no_coupon_left']),
  );
});

test('a customer at its limit and many requests at once: no more than the limit', async () => {
  await earn(1_000, 'kim');
  const rewardId = await addReward({ perCustomer: 3, stock: 50 });
  const answers = await Promise.all(Array.from({ length: 30 }, () => claim('kim', rewardId)));
  expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(3);
  expect(await ledger.balance('kim')).toMatchObject({ spent: 30 });
});

test('claims and cancellations at once keep stock and points together', async () => {
  const customers = Array.from({ length: 12 }, (_, i) => `mix-${i}`);
  await earn(500, ...customers);
  const rewardId = await addReward({ stock: 7 });
  const take = async (id: string): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      const answer = await claim(id, rewardId);
      if (answer.statusCode === 201) expect((await cancel(answer.json().claimId)).statusCode).toBe(200);
      else expect(answer.json().code).toBe('ledger.reward_out_of_stock');
    }
  };
  await Promise.all(customers.map(take));
  expect(await stockLeft(rewardId)).toBe(7);
  for (const id of customers) expect(await ledger.balance(id)).toMatchObject({ active: 500, spent: 0 });
  await ledger.verify();
});

test('the last piece in the hands of one who fails is not sold out: the next waits and gets it', async () => {
  await earn(10, 'mia');
  const rewardId = await addReward({ stock: 1 });
  const lock = `update ledger.reward_stock set remaining = 0 where reward_id = '${rewardId}'`;
  const [answer] = await whileLocked(ledger, lock, async () => {
    const claiming = claim('mia', rewardId);
    await untilWaiting(ledger);
    return [claiming] as const;
  });
  expect(answer.statusCode, answer.body).toBe(201);
  expect(await stockLeft(rewardId)).toBe(0);
});

test('a limit that comes while a claim is under way counts that claim', async () => {
  await earn(10, 'ned');
  const rewardId = await addReward({ couponPoolId: await addPool({}, { codes: ['NEDS-1'] }) });
  const { couponPoolId } = await ok('GET', `/v1/rewards/${rewardId}`);
  // The claim has read the reward, and waits for its code; the change waits for the claim.
  const lock = "select 1 from ledger.coupon where code = 'NEDS1' for update";
  const [claimed, edited] = await whileLocked(ledger, lock, async () => {
    const claiming = claim('ned', rewardId);
    await untilWaiting(ledger);
    const editing = ledger.call('PUT', `/v1/rewards/${rewardId}`, { ...REWARD, couponPoolId, stock: 1 });
    await untilWaiting(ledger, 2);
    return [claiming, editing] as const;
  });
  expect(claimed.statusCode).toBe(201);
  expect(edited.json()).toMatchObject({ stock: 1, stockLeft: 0 });
  await ledger.verify();
});

test('a limit that comes while a claim is being cancelled does not count that claim', async () => {
  await earn(10, 'nia');
  const rewardId = await addReward({ couponPoolId: await addPool({}, { codes: ['NIAS-1'] }) });
  const { couponPoolId } = await ok('GET', `/v1/rewards/${rewardId}`);
  const { claimId } = (await claim('nia', rewardId)).json();
  // The cancellation has put the piece back, of a stock that is not limited yet, and waits for the code.
  const lock = "select 1 from ledger.coupon where code = 'NIAS1' for update";
  const [cancelled, edited] = await whileLocked(ledger, lock, async () => {
    const cancelling = cancel(claimId);
    await untilWaiting(ledger);
    const editing = ledger.call('PUT', `/v1/rewards/${rewardId}`, { ...REWARD, couponPoolId, stock: 1 });
    await Promise.race([editing, untilWaiting(ledger, 2)]);
    return [cancelling, editing] as const;
  });
  expect(cancelled.statusCode).toBe(200);
  expect(edited.json()).toMatchObject({ stock: 1, stockLeft: 1 });
  await ledger.verify();
});
