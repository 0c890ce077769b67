import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions, TERMS } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;
const { ok, addPool, redeem, validate } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '16' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const codesOf = async (poolId: string): Promise<string[]> => {
  const { body } = await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes?format=ndjson`);
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).code as string);
};
const upload = (poolId: string, body: string, type = 'text/csv') =>
  ledger.call('POST', `/v1/coupon-pools/${poolId}/codes`, body, { 'content-type': type });
const close = (orderId: string, deed: 'redeem' | 'release') =>
  ledger.call('POST', `/v1/coupons/redemptions/${orderId}/${deed}`);

test('codes are generated after the request, unlike each other, and exported', async () => {
  const poolId = await addPool();
  const answer = await ledger.call('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 12_000 });
  expect(answer.statusCode).toBe(202);
  expect(answer.json()).toMatchObject({ wanted: 12_000, generated: 0 });
  await ledger.settle();
  const counts = { codes: 12_000, free: 12_000, voided: 0, usesReserved: 0, usesMade: 0 };
  expect(await ok('GET', `/v1/coupon-pools/${poolId}`)).toMatchObject({ wanted: 12_000, generated: 12_000, counts });
  const codes = await codesOf(poolId);
  expect(new Set(codes).size).toBe(12_000);
  for (const code of codes)
    expect(code).toMatch(/^VAFA-[34679CFHJKMNPRTVWXY]{4}-[34679CFHJKMNPRTVWXY]{4}-[34679CFHJKMNPRTVWXY]{2}$/);
  // Each character comes about as often as any other: 19 of 120,000 drawn; more than 5 % off is no accident.
  const seen = Map.groupBy(
    codes.flatMap((code) => [...code.slice(5, 14).replace('-', '')]),
    (character) => character,
  );
  expect(seen.size).toBe(19);
  for (const all of seen.values()) expect(Math.abs(all.length / (96_000 / 19) - 1)).toBeLessThan(0.08);
  const csv = await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes`);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(csv.body.split('\r\n').slice(0, 2)).toEqual([
    'code,status,customerId,uses,maxUses,expiresAt',
    `${codes[0]},free,,0,1,`,
  ]);
});

test('a job that is stopped goes on where it was, and draws anew what is there already', async () => {
  const poolId = await addPool();
  await ok('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 300 });
  await ledger.sql('ledger')`update coupon_pool set generated = 0 where id = ${poolId}`;
  await ledger.restart('ledger');
  await ok('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: 50 });
  await ledger.settle();
  expect(await ok('GET', `/v1/coupon-pools/${poolId}`)).toMatchObject({ generated: 350, counts: { codes: 350 } });
});

test('a pool whose codes could be guessed is refused, and so are too many and those of an uploaded pool', async () => {
  const body = { name: 'Short', terms: TERMS, validDays: null, usesPerCode: 1 };
  const { poolId } = await ok('POST', '/v1/coupon-pools', { ...body, pattern: 'VAFA-####-####' });
  const generate = (codes: number, id = poolId) => ledger.call('POST', `/v1/coupon-pools/${id}/generate`, { codes });
  expect((await generate(853)).json()).toMatchObject({
    status: 422,
    code: 'ledger.codes_guessable',
    capacity: 852,
    requested: 853,
    placesNeeded: 9,
  });
  await generate(800);
  expect((await generate(53)).json()).toMatchObject({ code: 'ledger.codes_guessable', requested: 853 });
  // Pools of one pattern share its room.
  const twin = await ok('POST', '/v1/coupon-pools', { ...body, pattern: 'VAFA-####-####' });
  expect((await generate(53, twin.poolId)).json()).toMatchObject({ code: 'ledger.codes_guessable', requested: 853 });
  expect((await generate(52, twin.poolId)).statusCode).toBe(202);
  const long = await ok('POST', '/v1/coupon-pools', { ...body, pattern: '######-######-####' });
  await generate(9_999_999, long.poolId);
  await ledger.sql('ledger')`update coupon_pool set wanted = 0 where id = ${long.poolId}`;
  await ledger.sql('ledger')`update coupon_pool set wanted = 9999999, generated = 9999999 where id = ${long.poolId}`;
  expect((await generate(2, long.poolId)).json()).toMatchObject({
    code: 'ledger.too_many_codes',
    capacity: 10_000_000,
  });
  await ledger.sql('ledger')`update coupon_pool set wanted = 0, generated = 0 where id = ${long.poolId}`;
  expect((await generate(1, await addPool({}, { codes: [] }))).json().code).toBe('ledger.coupon_pool_uploaded');
  for (const pattern of ['VAFA', 'VAFA-#X', 'vafa-####', '#'.repeat(19)])
    expect((await ledger.call('POST', '/v1/coupon-pools', { ...body, pattern })).json(), pattern).toMatchObject({
      status: 400,
      code: 'ledger.invalid_code_pattern',
      problems: [{ path: '/pattern' }],
    });
  await ledger.settle();
});

test('codes are uploaded as CSV or NDJSON; wrong rows are told and keep nobody out; again changes nothing', async () => {
  await addPool({}, { codes: ['TAKEN-1'] });
  const poolId = await addPool({}, { codes: [] });
  const csv =
    'code,customerId,expiresAt\r\nSummer-10,,\r\n"summer 20",ann,2027-01-01T00:00:00Z\r\nno,,\r\nTAKEN1,,\r\nSUMMER10,,\r\nX"Y,,\r\nFINE-1,,soon\r\n';
  expect((await upload(poolId, csv)).json()).toEqual({
    added: 2,
    known: 0,
    refused: 5,
    errors: [
      { row: 4, reason: 'invalid_code' },
      { row: 5, reason: 'taken' },
      { row: 6, reason: 'duplicate' },
      { row: 7, reason: 'unreadable' },
      { row: 8, reason: 'invalid_instant' },
    ],
  });
  expect((await upload(poolId, csv)).json()).toMatchObject({ added: 0, known: 2, refused: 5 });
  const ndjson = '{"code":"winter-1"}\n"WINTER2"\n\n{"code":5}\nnot json\n[]\n';
  expect((await upload(poolId, ndjson, 'application/x-ndjson')).json()).toEqual({
    added: 2,
    known: 0,
    refused: 3,
    errors: [
      { row: 4, reason: 'invalid_code' },
      { row: 5, reason: 'unreadable' },
      { row: 6, reason: 'unreadable' },
    ],
  });
  expect(await codesOf(poolId)).toEqual(['Summer-10', 'SUMMER20', 'winter-1', 'WINTER2']);
  expect(await ok('GET', '/v1/coupons/summer%E2%80%9320')).toMatchObject({
    customerId: 'ann',
    expiresAt: '2027-01-01T00:00:00Z',
  });
  // An export is an upload.
  const exported = (await ledger.call('GET', `/v1/coupon-pools/${poolId}/codes`)).body;
  expect((await upload(poolId, exported)).json()).toMatchObject({ added: 0, known: 4, refused: 0 });
  expect((await upload(poolId, 'kode\nA1234\n')).json()).toMatchObject({ status: 400, code: 'ledger.invalid_upload' });
  expect((await upload(poolId, 'code,colour\nA1234,red\n')).json().code).toBe('ledger.invalid_upload');
  expect((await upload(poolId, '{"code":"A1234"}', 'application/json')).statusCode).toBe(400);
  expect((await upload(await addPool(), 'code\nA1234\n')).json().code).toBe('ledger.coupon_pool_generated');
  expect((await upload('01890000-0000-7000-8000-000000000000', 'code\nA1234\n')).json().code).toBe(
    'ledger.coupon_pool_not_found',
  );
  const many = `code\n${Array.from({ length: 50_001 }, (_, i) => `MANY${i}`).join('\n')}`;
  expect((await upload(poolId, many)).json().code).toBe('ledger.too_many_rows');
});

test('codes are accepted as people type them', async () => {
  await addPool({}, { codes: ['NOWRUZ-1406'], usesPerCode: 100 });
  for (const typed of ['nowruz-1406', ' NOWRUZ 1406 ', 'NOWRUZ۱۴۰۶', 'nowruz–١٤٠٦'])
    expect((await validate([typed])).json().results, typed).toEqual([
      { code: 'NOWRUZ1406', accepted: true, discountMinor: 100, applied: 1 },
    ]);
  const [code = ''] = await codesOf(await addPool({}, { generate: 1 }));
  const at = code.length - 1;
  const mistyped = code.slice(0, at) + (code[at] === '3' ? '4' : '3');
  expect((await validate([mistyped])).json().results[0].reason).toBe('mistyped');
  expect((await validate(['NOWRUZ-1405'])).json().results[0].reason).toBe('not_found');
});

test('validation answers each code with its discount or the reason, and changes nothing', async () => {
  await addPool({ stacking: { group: 'a', exclusive: false, with: ['b'], order: 1 } }, { codes: ['GROUPA'] });
  await addPool(
    {
      discount: { kind: 'fixed', currency: 'EUR', minor: 150 },
      stacking: { group: 'b', exclusive: false, with: null, order: 2 },
    },
    { codes: ['GROUPB'] },
  );
  await addPool({ minimum: { currency: 'EUR', minor: 5_000 } }, { codes: ['BIGCART'] });
  const last = { group: null, exclusive: false, with: null, order: 3 };
  await addPool(
    { discount: { kind: 'free_product', sku: 'tea', quantity: 1 }, stacking: last },
    { codes: ['FREECUP'] },
  );
  const lines = [{ sku: 'tea', quantity: 1, amountMinor: 700 }];
  const answer = await validate(['groupb', 'GROUP-A', 'BIGCART', 'FREECUP', 'NOPE', 'groupa'], { lines });
  expect(answer.json()).toEqual({
    results: [
      { code: 'GROUPB', accepted: true, discountMinor: 150, applied: 2 },
      { code: 'GROUPA', accepted: true, discountMinor: 100, applied: 1 },
      { code: 'BIGCART', accepted: false, reason: 'below_minimum', minimumMinor: 5_000 },
      { code: 'FREECUP', accepted: false, reason: 'not_stackable', conflictsWith: 'GROUPA' },
      { code: 'NOPE', accepted: false, reason: 'not_found' },
      { code: 'GROUPA', accepted: false, reason: 'duplicate' },
    ],
    discountMinor: 250,
    remainingMinor: 750,
    lineDiscountsMinor: [175],
  });
  expect(await ok('GET', '/v1/coupons/GROUPA')).toMatchObject({ reserved: 0, redeemed: 0 });
  expect((await ledger.call('GET', '/metrics')).body).toMatch(
    /vafa_ledger_coupon_codes_total\{outcome="below_minimum"\} 1/,
  );
  expect((await validate(['X1234'], { lines, totalMinor: 699 })).json()).toMatchObject({
    code: 'ledger.invalid_cart',
    problems: [{ path: '/totalMinor' }],
  });
  for (const wrong of [{ currency: 'XXQ' }, { totalMinor: -1 }, { codes: [] }, { more: 1 }])
    expect((await validate(['X1234'], wrong)).statusCode).toBe(400);
});

test('redeemed at once: the code is used up, the order tells what it gave', async () => {
  await addPool({}, { codes: ['ATONCE'] });
  const answer = await redeem('order-1', ['at-once'], { customerId: 'ann' });
  expect(answer.statusCode, answer.body).toBe(201);
  expect(answer.json()).toMatchObject({
    orderId: 'order-1',
    status: 'redeemed',
    customerId: 'ann',
    totalMinor: 1_000,
    discountMinor: 100,
    remainingMinor: 900,
    codes: [{ code: 'ATONCE', applied: 1, discountMinor: 100 }],
  });
  expect(await ok('GET', '/v1/coupons/redemptions/order-1')).toEqual(answer.json());
  expect((await ok('GET', '/v1/coupons/ATONCE')).orders).toEqual([
    { orderId: 'order-1', status: 'redeemed', discountMinor: 100 },
  ]);
  expect((await redeem('order-2', ['ATONCE'])).json()).toMatchObject({
    status: 422,
    code: 'ledger.coupons_rejected',
    results: [{ code: 'ATONCE', accepted: false, reason: 'used_up' }],
  });
  expect((await ledger.call('GET', '/v1/coupons/redemptions/order-2')).json().code).toBe('ledger.redemption_not_found');
  // The order id is the natural key: the same again, with or without an Idempotency-Key.
  expect((await redeem('order-1', ['ATONCE'], { customerId: 'ann' })).json()).toEqual(answer.json());
  expect((await redeem('order-1', ['ATONCE'], { customerId: 'bob' })).json()).toMatchObject({
    status: 409,
    code: 'ledger.order_redeemed_otherwise',
    redemptionStatus: 'redeemed',
  });
});

test('held, redeemed, released, timed out: uses come and go with the order', async () => {
  await addPool({}, { codes: ['HOLDME'] });
  const coupon = () => ok('GET', '/v1/coupons/HOLDME');
  expect((await redeem('held-1', ['HOLDME'], { holdSeconds: 60 })).json()).toMatchObject({
    status: 'reserved',
    expiresAt: '2026-11-21T08:01:00Z',
  });
  expect(await coupon()).toMatchObject({ reserved: 1, redeemed: 0 });
  expect((await redeem('held-2', ['HOLDME'])).json().results[0].reason).toBe('reserved');
  expect((await close('held-1', 'redeem')).json().status).toBe('redeemed');
  expect((await close('held-1', 'redeem')).json().status).toBe('redeemed');
  expect(await coupon()).toMatchObject({ reserved: 0, redeemed: 1 });
  expect((await close('held-1', 'release')).json().status).toBe('released');
  expect(await coupon()).toMatchObject({ reserved: 0, redeemed: 0 });
  for (const deed of ['redeem', 'release'] as const)
    expect((await close('held-1', deed)).json()).toMatchObject({
      code: 'ledger.redemption_closed',
      redemptionStatus: 'released',
    });
  // An order whose coupons were given back may ask anew, with another cart.
  expect((await redeem('held-1', ['HOLDME'], { totalMinor: 500, holdSeconds: 60 })).json()).toMatchObject({
    discountMinor: 50,
  });
  ledger.clock.advance('PT60S');
  expect((await close('held-1', 'redeem')).json()).toMatchObject({
    code: 'ledger.redemption_closed',
    redemptionStatus: 'timed_out',
  });
  await ledger.settle();
  expect(await ok('GET', '/v1/coupons/redemptions/held-1')).toMatchObject({ status: 'timed_out' });
  expect(await coupon()).toMatchObject({ reserved: 0, redeemed: 0 });
  expect((await redeem('held-2', ['HOLDME'])).statusCode).toBe(201);
  expect((await close('never', 'redeem')).json().code).toBe('ledger.redemption_not_found');
  ledger.clock.set('2026-11-21T08:00:00Z');
});

test('a pool that is paused, a code that is void, terms that change: what counts is what is true now', async () => {
  const poolId = await addPool({}, { codes: ['PAUSE1', 'PAUSE2'] });
  const reason = async (code: string) => (await validate([code])).json().results[0].reason;
  await ok('POST', `/v1/coupon-pools/${poolId}/pause`);
  expect(await reason('PAUSE1')).toBe('disabled');
  await ok('POST', `/v1/coupon-pools/${poolId}/resume`);
  expect(await reason('PAUSE1')).toBeUndefined();
  expect(await ok('POST', '/v1/coupons/pause-1/void')).toMatchObject({ code: 'PAUSE1', voided: true });
  expect(await reason('PAUSE1')).toBe('disabled');
  const edit = { name: 'Pool', validDays: null, terms: { ...TERMS, startsAt: '2027-01-01T00:00:00Z' } };
  expect(await ok('PUT', `/v1/coupon-pools/${poolId}`, edit)).toMatchObject({ revision: 4 });
  expect(await reason('PAUSE2')).toBe('not_started');
  const ended = { ...edit, terms: { ...TERMS, endsAt: '2026-11-21T08:00:00Z' } };
  await ok('PUT', `/v1/coupon-pools/${poolId}`, ended);
  expect(await reason('PAUSE2')).toBe('expired');
  const wrong = { ...TERMS, discount: { ...TERMS.discount, numerator: 101 } };
  expect((await ledger.call('PUT', `/v1/coupon-pools/${poolId}`, { ...edit, terms: wrong })).json()).toMatchObject({
    code: 'ledger.invalid_coupon_pool',
    problems: [{ path: '/terms/discount/numerator' }],
  });
  expect(
    await ledger.sql('ledger')`select action from audit where subject = ${`coupon-pool/${poolId}`} order by id`,
  ).toMatchObject(
    ['created', 'codes_uploaded', 'paused', 'resumed', 'voided', 'edited', 'edited'].map((deed) => ({
      action: deed === 'voided' ? 'coupon.voided' : `coupon_pool.${deed}`,
    })),
  );
  expect((await ledger.call('GET', '/v1/coupons/NOBODY1')).json().code).toBe('ledger.coupon_not_found');
  expect((await ledger.call('POST', '/v1/coupons/NOBODY1/void')).json().code).toBe('ledger.coupon_not_found');
  const { pools } = await ok('GET', '/v1/coupon-pools?limit=200');
  expect(pools.some((pool: { poolId: string }) => pool.poolId === poolId)).toBe(true);
});

test('one code and many orders at once: it is used as often as it may be, not once more', async () => {
  await addPool({}, { codes: ['LASTONE'] });
  await addPool({}, { codes: ['TENTIMES'], usesPerCode: 10 });
  for (const [code, uses] of [
    ['LASTONE', 1],
    ['TENTIMES', 10],
  ] as const) {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        redeem(`${code}-${i}`, [code], { customerId: `c-${i % 7}`, ...(i % 2 ? { holdSeconds: 60 } : {}) }),
      ),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(uses);
    const reasons = answers
      .filter(({ statusCode }) => statusCode !== 201)
      .map((answer) => answer.json().results[0].reason);
    expect(reasons).toHaveLength(60 - uses);
    for (const reason of reasons) expect(['used_up', 'reserved']).toContain(reason);
  }
  await ledger.verify();
});

test('a limit per customer holds over all codes of the pool and many requests at once', async () => {
  const codes = Array.from({ length: 20 }, (_, i) => `LIMIT${i}`);
  await addPool({ perCustomer: 3 }, { codes });
  const answers = await Promise.all(codes.map((code) => redeem(`o-${code}`, [code], { customerId: 'greedy' })));
  expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(3);
  expect(
    new Set(answers.filter(({ statusCode }) => statusCode !== 201).map((answer) => answer.json().results[0].reason)),
  ).toEqual(new Set(['customer_limit']));
  expect((await redeem('o-anybody', ['LIMIT0'])).json().results[0].reason).toMatch(/used_up|customer_required/);
});

test('the same order many times at once, under one key, several or none: one use', async () => {
  await addPool({}, { codes: ['SAMEORDER'], usesPerCode: 50 });
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, i) =>
      redeem(
        'same-order',
        ['SAMEORDER'],
        { customerId: 'sam' },
        i % 3 === 0 ? {} : { 'idempotency-key': `same-${i % 3}` },
      ),
    ),
  );
  expect(answers.every(({ statusCode }) => statusCode === 201)).toBe(true);
  expect(await ok('GET', '/v1/coupons/SAMEORDER')).toMatchObject({ redeemed: 1 });
});

test('orders that share codes in any order, held, used and given back at once, neither deadlock nor lose a use', async () => {
  const codes = Array.from({ length: 6 }, (_, i) => `CROSS${i}`);
  await addPool({}, { codes, usesPerCode: 1_000 });
  const work = async (n: number): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      const orderId = `cross-${n}-${i}`;
      const mine = codes.filter((_, j) => (n + i + j) % 3 !== 0);
      const asked = n % 2 ? mine : mine.toReversed();
      const held = await redeem(orderId, asked, { customerId: `x-${n % 4}`, holdSeconds: 600 });
      expect(held.statusCode, held.body).toBe(201);
      expect((await close(orderId, i % 2 ? 'redeem' : 'release')).statusCode).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, n) => work(n)));
  await ledger.verify();
});
