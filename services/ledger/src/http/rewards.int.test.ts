import { Topics } from '@vafa/contracts';
import { createApiKey } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerErased, customerMerged, REWARD, redemptions } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;
const { ok, earn, addReward, addPool, claim, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '16' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const cancel = (claimId: string, payload?: unknown) =>
  ledger.call('POST', `/v1/reward-claims/${claimId}/cancel`, payload);
const stockLeft = async (rewardId: string) => (await ok('GET', `/v1/rewards/${rewardId}`)).stockLeft;

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
  await earn(30, 'tia', 'tom');
  const sql = ledger.sql('ledger');
  await sql`insert into customer_profile (customer_id, segments) values ('tia', '["vip"]')`;
  await sql`insert into tier_state (customer_id, tier, since) values ('tia', 'gold', ${ledger.clock.now().toString()}::timestamptz)`;
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
  const level = (id: string, rewards: string[]) => ({
    id,
    name: { en: id, fa: id },
    threshold: 1_000,
    benefits: { rewards },
  });
  const tiers = {
    metric: { kind: 'orders' },
    window: { kind: 'calendar', period: 'year' },
    levels: [level('gold', [named]), { ...level('platinum', []), threshold: 2_000 }],
    validity: { kind: 'windows', more: 0 },
    graceDays: 0,
    downgrade: 'none',
    atRiskDays: 0,
  };
  await ok('PUT', '/v1/programme', { ...PROGRAMME, tiers });
  expect((await claim('tia', named)).statusCode).toBe(201);
  expect((await claim('tom', named)).json().code).toBe('ledger.reward_not_for_customer');
  await ok('PUT', '/v1/programme', PROGRAMME);
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

/** Returns once so many statements of this database wait for a lock. */
const untilWaiting = async (count: number): Promise<void> => {
  for (;;) {
    const [row] = await ledger.admin`select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if (row?.waiting >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Holds what the statement locks while the work goes on, and lets go of it without a change when that waits. */
const whileLocked = async <Result>(lock: string, waiting: number, work: () => Promise<Result>): Promise<Result> => {
  const undo = new Error('undo');
  let working: Promise<Result> | undefined;
  await ledger.admin
    .begin(async (tx) => {
      await tx.unsafe(lock);
      working = work();
      await untilWaiting(waiting);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return working as Promise<Result>;
};

test('the last piece in the hands of one who fails is not sold out: the next waits and gets it', async () => {
  await earn(10, 'mia');
  const rewardId = await addReward({ stock: 1 });
  const answer = await whileLocked(
    `update ledger.reward_stock set remaining = 0 where reward_id = '${rewardId}'`,
    1,
    () => claim('mia', rewardId),
  );
  expect(answer.statusCode, answer.body).toBe(201);
  expect(await stockLeft(rewardId)).toBe(0);
});

test('a limit that comes while a claim is under way counts that claim', async () => {
  await earn(10, 'ned');
  const rewardId = await addReward({ couponPoolId: await addPool({}, { codes: ['NEDS-1'] }) });
  const { couponPoolId } = await ok('GET', `/v1/rewards/${rewardId}`);
  // The claim has read the reward, and waits for its code; the change waits for the claim.
  const [claimed, edited] = await whileLocked(
    "select 1 from ledger.coupon where code = 'NEDS1' for update",
    2,
    async () => {
      const claiming = claim('ned', rewardId);
      await untilWaiting(1);
      return Promise.all([
        claiming,
        ledger.call('PUT', `/v1/rewards/${rewardId}`, { ...REWARD, couponPoolId, stock: 1 }),
      ]);
    },
  );
  expect(claimed.statusCode).toBe(201);
  expect(edited.json()).toMatchObject({ stock: 1, stockLeft: 0 });
  await ledger.verify();
});

test('a merged customer takes its claims and codes along; an erased one leaves neither name nor reason', async () => {
  await earn(20, 'lea', 'leo');
  const couponPoolId = await addPool({}, { generate: 3 });
  const rewardId = await addReward({ couponPoolId });
  const { couponCode } = (await claim('lea', rewardId)).json();
  await ledger.publish([customerMerged('lea', 'leo')]);
  await ledger.settle();
  expect((await ok('GET', '/v1/customers/lea/reward-claims')).claims).toMatchObject([
    { customerId: 'leo', couponCode },
  ]);
  expect((await redeem('leo-order', [couponCode], { customerId: 'lea' })).json()).toMatchObject({ customerId: 'leo' });
  const { claimId } = (await claim('leo', rewardId)).json();
  await cancel(claimId, { reason: 'Leo called' });
  const again = (await claim('leo', rewardId)).json().claimId;
  await ledger.publish([customerErased('leo')]);
  await ledger.settle();
  for (const table of ['reward_claim', 'coupon', 'coupon_redemption', 'coupon_use'])
    expect(
      await ledger.sql('ledger')`select 1 from ${ledger.sql('ledger')(table)} where customer_id in ('lea', 'leo')`,
    ).toEqual([]);
  expect(await ledger.sql('ledger')`select 1 from reward_claim where cancel_reason = 'Leo called'`).toEqual([]);
  expect((await cancel(again)).json()).toMatchObject({ status: 409, code: 'ledger.customer_erased' });
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
