import { createApiKey } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { REWARD, redemptions, TERMS } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;

const { ok, earn, addReward, addPool, claim, cancel, stockLeft, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '16' } });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('a reward is drafted, changed, put into the catalogue and taken out, each with who and when', async () => {
  const draft = await ok('POST', '/v1/rewards', { ...REWARD, stock: 20 });
  expect(draft).toMatchObject({ status: 'draft', revision: 1, stock: 20, stockLeft: 20, costPoints: 10 });
  const url = `/v1/rewards/${draft.rewardId}`;
  expect(await ok('PUT', url, { ...REWARD, stock: 25, costPoints: 12 })).toMatchObject({ revision: 2, stockLeft: 25 });
  expect((await ok('POST', `${url}/activate`)).status).toBe('active');
  expect((await ok('POST', `${url}/activate`)).revision).toBe(3);
  expect(await ok('POST', `${url}/archive`)).toMatchObject({ status: 'archived', revision: 4, costPoints: 12 });
  expect((await ok('PUT', url, { ...REWARD, stock: null })).stockLeft).toBeNull();
  const deeds = await ledger.sql('ledger')`select action, before ->> 'status' as before, after ->> 'status' as after,
    after ->> 'costPoints' as cost, actor, at from audit where subject = ${`reward/${draft.rewardId}`} order by id`;
  expect(deeds).toMatchObject([
    { action: 'reward.created', before: null, after: 'draft' },
    { action: 'reward.edited', after: 'draft', cost: '12' },
    { action: 'reward.activated', before: 'draft', after: 'active' },
    { action: 'reward.archived', before: 'active', after: 'archived' },
    { action: 'reward.edited' },
  ]);
  expect(new Set(deeds.map(({ actor }) => actor)).size).toBe(1);
});

test('what needs no saying may be left out', async () => {
  const { name, costPoints, ...whatIsNot } = REWARD;
  expect(await ok('POST', '/v1/rewards', { name, costPoints })).toMatchObject(whatIsNot);
  const { discount } = TERMS;
  expect(await ok('POST', '/v1/coupon-pools', { name: 'a tenth', terms: { discount } })).toMatchObject({
    terms: { ...TERMS, stacking: { ...TERMS.stacking, order: 100 } },
    usesPerCode: 1,
    validDays: null,
    pattern: null,
  });
  const answer = await ledger.call('POST', '/v1/coupon-pools', { terms: { discount: { kind: 'tenth' } } });
  expect(answer.json().problems).toEqual([
    { path: '/name', message: 'is missing' },
    { path: '/terms/discount/kind', message: 'must be one of: percent, fixed, free_product' },
  ]);
});

test('what makes no sense is refused', async () => {
  for (const [wrong, path] of [
    [{ costPoints: 0 }, '/costPoints'],
    [{ name: {} }, '/name'],
    [{ stock: -1 }, '/stock'],
    [{ colour: 'red' }, '/colour'],
  ] as const) {
    const answer = await ledger.call('POST', '/v1/rewards', { ...REWARD, ...wrong });
    expect(answer.statusCode, path).toBe(400);
    expect(answer.json().problems[0].path).toBe(path);
  }
  const window = { startsAt: '2027-01-01T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' };
  expect((await ledger.call('POST', '/v1/rewards', { ...REWARD, ...window })).json()).toMatchObject({
    code: 'ledger.invalid_reward',
    problems: [{ path: '/endsAt' }],
  });
  const discount = { kind: 'fixed', currency: 'EUR', minor: 100 };
  for (const [currency, problems] of [
    ['IRR', [{ path: '/terms/minimum/currency' }]],
    ['EUR', undefined],
  ] as const) {
    const terms = { discount, minimum: { currency, minor: 1_000 } };
    const pool = (await ledger.call('POST', '/v1/coupon-pools', { name: 'a euro', terms })).json();
    if (problems) expect(pool).toMatchObject({ status: 400, problems });
    else expect(pool.status).toBe('active');
  }
  // Right by the format, but of no time: such a reward would be there for ever, though it ended long ago.
  for (const never of ['2026-01-01T00:00:00+03', '2026-06-30T23:59:60Z'])
    for (const name of ['startsAt', 'endsAt']) {
      expect((await ledger.call('POST', '/v1/rewards', { ...REWARD, [name]: never })).json().problems).toMatchObject([
        { path: `/${name}` },
      ]);
      const pool = { name: 'a tenth', terms: { discount: TERMS.discount, [name]: never } };
      expect((await ledger.call('POST', '/v1/coupon-pools', pool)).json().problems).toMatchObject([
        { path: `/terms/${name}` },
      ]);
    }
  for (const text of ['nul \u0000', 'half \ud800']) {
    for (const attributes of [{ picture: text }, { [text]: 1 }])
      expect((await ledger.call('POST', '/v1/rewards', { ...REWARD, attributes })).statusCode).toBe(400);
    for (const stacking of [{ group: text }, { with: [text] }])
      expect(
        (await ledger.call('POST', '/v1/coupon-pools', { name: 'a tenth', terms: { ...TERMS, stacking } })).json(),
      ).toMatchObject({ status: 400, problems: [{ path: expect.stringMatching(/^\/terms\/stacking/) }] });
  }
  const couponPoolId = '01890000-0000-7000-8000-000000000000';
  expect((await ledger.call('POST', '/v1/rewards', { ...REWARD, couponPoolId })).json().problems).toEqual([
    { path: '/couponPoolId', message: 'is no coupon pool' },
  ]);
  const unknown = '/v1/rewards/01890000-0000-7000-8000-000000000000';
  for (const answer of [
    await ledger.call('GET', unknown),
    await ledger.call('PUT', unknown, REWARD),
    await ledger.call('POST', `${unknown}/activate`),
    await claim('ann', '01890000-0000-7000-8000-000000000000'),
  ])
    expect(answer.json()).toMatchObject({ status: 404, code: 'ledger.reward_not_found' });
});

test('a customer sees what there is, what it may claim, and why not the rest', async () => {
  await earn(50, 'eli');
  const open = await addReward({ costPoints: 50 });
  const dear = await addReward({ costPoints: 60 });
  const gone = await addReward({ stock: 0 });
  const once = await addReward({ costPoints: 1, perCustomer: 1 });
  const empty = await addReward({ couponPoolId: await addPool({}, { codes: [] }) });
  const hidden = [
    await addReward({ audience: { tiers: ['gold'] } }),
    await addReward({ startsAt: '2027-01-01T00:00:00Z' }),
    await addReward({ endsAt: '2026-11-01T00:00:00Z' }),
  ];
  expect((await claim('eli', once)).statusCode).toBe(201);
  const seen = new Map<string, { claimable: boolean; whyNot: string[]; pointsMissing: number; claims: number }>();
  for (let cursor = ''; ; ) {
    const page = await ok('GET', `/v1/customers/eli/rewards?limit=2${cursor && `&cursor=${cursor}`}`);
    expect(page.activePoints).toBe(49);
    for (const each of page.rewards) seen.set(each.rewardId, each);
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  expect(seen.get(open)).toMatchObject({ claimable: false, whyNot: ['insufficient_points'], pointsMissing: 1 });
  expect(seen.get(dear)).toMatchObject({ pointsMissing: 11 });
  expect(seen.get(gone)).toMatchObject({ whyNot: ['out_of_stock'] });
  expect(seen.get(once)).toMatchObject({ whyNot: ['customer_limit'], claims: 1 });
  expect(seen.get(empty)).toMatchObject({ whyNot: ['no_coupon_left'] });
  for (const id of hidden) expect(seen.has(id)).toBe(false);
  await earn(11, 'eli');
  const { rewards } = await ok('GET', '/v1/customers/eli/rewards?limit=200');
  expect(rewards.find(({ rewardId }: { rewardId: string }) => rewardId === dear)).toMatchObject({
    claimable: true,
    whyNot: [],
    pointsMissing: 0,
  });
});

test('tiers and segments decide who sees and gets a reward', async () => {
  const level = (id: string, rewards: string[]) => ({
    id,
    name: { en: id, fa: id },
    threshold: 2,
    benefits: { rewards },
  });
  const tiers = (rewards: string[]) => ({
    metric: { kind: 'orders' },
    window: { kind: 'calendar', period: 'year' },
    levels: [level('gold', rewards), { ...level('platinum', []), threshold: 3 }],
    validity: { kind: 'windows', more: 0 },
    graceDays: 0,
    downgrade: 'none',
    atRiskDays: 0,
  });
  await ok('PUT', '/v1/programme', { ...PROGRAMME, tiers: tiers([]) });
  // Gold by her second order.
  await earn(30, 'tia', 'tom');
  await earn(1, 'tia');
  const sql = ledger.sql('ledger');
  await sql`insert into customer_profile (customer_id, segments) values ('tia', '["vip"]')`;
  const rewardId = await addReward({ audience: { tiers: ['gold', 'platinum'], segments: ['vip'] } });
  const sees = async (id: string) =>
    (await ok('GET', `/v1/customers/${id}/rewards?limit=200`)).rewards.some(
      (each: { rewardId: string }) => each.rewardId === rewardId,
    );
  expect(await sees('tia')).toBe(true);
  expect(await sees('tom')).toBe(false);
  expect((await claim('tia', rewardId)).statusCode).toBe(201);
  expect((await claim('tom', rewardId)).json().code).toBe('ledger.reward_not_for_customer');
  await addPool({ audience: { tiers: ['gold'] } }, { codes: ['GOLDONLY'], usesPerCode: 9 });
  expect((await redeem('tom-gold', ['GOLDONLY'], { customerId: 'tom' })).json().results[0].reason).toBe('not_eligible');
  expect((await redeem('tia-gold', ['GOLDONLY'], { customerId: 'tia' })).statusCode).toBe(201);
  // A tier that names the reward among its benefits takes it away from the others.
  const named = await addReward();
  await ok('PUT', '/v1/programme', { ...PROGRAMME, tiers: tiers([named]) });
  expect((await claim('tia', named)).statusCode).toBe(201);
  expect((await claim('tom', named)).json().code).toBe('ledger.reward_not_for_customer');
  await ok('PUT', '/v1/programme', PROGRAMME);
});

test('stock is changed under claims: never below what is taken, and limits come and go', async () => {
  const customers = Array.from({ length: 30 }, (_, i) => `stock-${i}`);
  await earn(100, ...customers);
  const rewardId = await addReward({ stock: null });
  const edit = (stock: number | null) => ledger.call('PUT', `/v1/rewards/${rewardId}`, { ...REWARD, stock });
  const first = (await claim('stock-0', rewardId)).json().claimId;
  await claim('stock-1', rewardId);
  expect((await edit(1)).json()).toMatchObject({
    status: 409,
    code: 'ledger.stock_below_taken',
    taken: 2,
    requested: 1,
  });
  expect((await edit(10)).json()).toMatchObject({ stockLeft: 8 });
  await cancel(first);
  expect(await stockLeft(rewardId)).toBe(9);
  const [answers] = await Promise.all([
    Promise.all(customers.map((id) => claim(id, rewardId))),
    (async () => {
      for (const stock of [12, null, 20, 15]) await edit(stock);
    })(),
  ]);
  const taken = answers.filter(({ statusCode }) => statusCode === 201).length;
  expect(taken).toBeGreaterThanOrEqual(8);
  await ledger.verify();
});

test('each door asks for its scope', async () => {
  const reader = await createApiKey(ledger.admin, { name: 'reader', scopes: ['ledger:read'] }, ledger.clock.now());
  const as = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: unknown) =>
    ledger.call(method, url, payload, { authorization: `Bearer ${reader.secret}` });
  const id = '01890000-0000-7000-8000-000000000000';
  expect((await as('GET', '/v1/customers/ann/rewards')).statusCode).toBe(200);
  expect((await as('POST', `/v1/customers/ann/rewards/${id}/claims`)).json().scope).toBe('ledger:write');
  expect((await as('POST', '/v1/rewards', REWARD)).json().scope).toBe('ledger:admin');
  expect((await as('POST', `/v1/rewards/${id}/activate`)).json().scope).toBe('ledger:admin');
  expect((await as('POST', `/v1/coupon-pools/${id}/generate`, { codes: 1 })).json().scope).toBe('ledger:admin');
  expect((await as('GET', `/v1/coupon-pools/${id}/codes`)).json().scope).toBe('ledger:admin');
  expect((await as('POST', '/v1/coupons/redemptions', {})).json().scope).toBe('ledger:write');
});
