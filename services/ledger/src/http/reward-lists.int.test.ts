import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { REWARD, redemptions } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;
const { ok, earn, addReward, addPool, claim, cancel, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: 30 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** What all pages of a list name, in their order. */
const pagesOf = async (url: string, list: string, id: string): Promise<{ ids: string[]; pages: number }> => {
  const ids: string[] = [];
  for (let cursor = '', pages = 1; ; pages += 1) {
    const page = await ok('GET', `${url}limit=2${cursor && `&cursor=${cursor}`}`);
    ids.push(...page[list].map((each: Record<string, string>) => each[id]));
    cursor = page.nextCursor;
    if (!cursor) return { ids, pages };
  }
};

test('rewards are listed page by page in the order in which they were made, also those of one status', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.push(await addReward());
  const [, second = '', , , , sixth = ''] = ids;
  ledger.clock.advance('PT1H');
  const archived = await ok('POST', `/v1/rewards/${second}/archive`);
  expect(archived.updatedAt).toBe(ledger.clock.now().toString());
  expect(archived.createdAt).not.toBe(archived.updatedAt);
  await ok('POST', `/v1/rewards/${sixth}/archive`);
  expect(await pagesOf('/v1/rewards?', 'rewards', 'rewardId')).toEqual({ ids, pages: 3 });
  const active = ids.filter((id) => id !== second && id !== sixth);
  expect(await pagesOf('/v1/rewards?status=active&', 'rewards', 'rewardId')).toEqual({ ids: active, pages: 2 });
  expect(await pagesOf('/v1/customers/ann/rewards?', 'rewards', 'rewardId')).toEqual({ ids: active, pages: 2 });
});

test("a customer's claims are listed page by page, the newest first, each once, cancelled ones with who cancelled them", async () => {
  await earn(40, 'bea');
  const rewardId = await addReward();
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    ids.push((await claim('bea', rewardId)).json().claimId);
    ledger.clock.advance('PT1S');
  }
  await cancel(ids[0] as string);
  expect(await pagesOf('/v1/customers/bea/reward-claims?', 'claims', 'claimId')).toEqual({
    ids: ids.toReversed(),
    pages: 2,
  });
  const [kept] = await ledger.sql('ledger')`select actor, cancelled_by as "cancelledBy" from reward_claim
    where id = ${ids[0] as string}`;
  expect(kept?.cancelledBy).toBe(kept?.actor);
});

test('a change that makes no sense leaves a reward as it is; one that does tells what it was', async () => {
  const rewardId = await addReward({ costPoints: 7 });
  const window = { startsAt: '2027-01-01T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' };
  for (const [wrong, path] of [
    [window, '/endsAt'],
    [{ couponPoolId: '01890000-0000-7000-8000-000000000000' }, '/couponPoolId'],
  ] as const)
    expect((await ledger.call('PUT', `/v1/rewards/${rewardId}`, { ...REWARD, ...wrong })).json()).toMatchObject({
      code: 'ledger.invalid_reward',
      problems: [{ path }],
    });
  expect(await ok('GET', `/v1/rewards/${rewardId}`)).toMatchObject({ costPoints: 7, revision: 2 });
  await ok('PUT', `/v1/rewards/${rewardId}`, { ...REWARD, costPoints: 8 });
  const [last] = (await ok('GET', `/v1/ledger/audit?subject=reward/${rewardId}`)).changes;
  expect(last).toMatchObject({
    action: 'reward.edited',
    before: { ...REWARD, costPoints: 7, status: 'active' },
    after: { ...REWARD, costPoints: 8, status: 'active' },
  });
});

test('of the codes of a pool a customer has those that it used, or holds and may still use', async () => {
  await earn(100, 'cleo');
  const couponPoolId = await addPool({ perCustomer: 2 }, { generate: 9, validDays: 1 });
  const rewardId = await addReward({ costPoints: 1, couponPoolId });
  const take = async (): Promise<string> => {
    const answer = await claim('cleo', rewardId);
    expect(answer.statusCode, answer.body).toBe(201);
    return answer.json().couponCode;
  };
  const isRefused = async () =>
    expect((await claim('cleo', rewardId)).json().code).toBe('ledger.reward_coupon_not_usable');
  const use = async (code: string) =>
    ok('POST', '/v1/coupons/redemptions', {
      ...{ orderId: code, customerId: 'cleo', currency: 'EUR', totalMinor: 1_000, codes: [code] },
    });
  const first = await take();
  await use(first);
  // Given back: it is in the customer's hand again.
  await ok('POST', `/v1/coupons/redemptions/${first}/release`);
  const second = await take();
  await isRefused();
  await ok('POST', `/v1/coupons/${first}/void`);
  const third = await take();
  await use(second);
  await isRefused();
  await ok('POST', `/v1/coupons/${third}/void`);
  // A code that was used counts once.
  await take();
  await isRefused();
  ledger.clock.advance('P3D');
  // What was not used in time is not in anybody's hand any more.
  await take();
  await isRefused();
  expect((await redeem('cleos', [first], { customerId: 'cleo' })).json().results[0].reason).toBe('disabled');
});

test('points of a cancelled reward whose time is up are told as expired at once', async () => {
  await earn(30, 'dina');
  const { claimId } = (await claim('dina', await addReward())).json();
  ledger.clock.advance('P40D');
  expect((await cancel(claimId)).json().balance).toMatchObject({ active: 0, spent: 0, expired: 30 });
});
