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

const close = (orderId: string, deed: 'redeem' | 'release') =>
  ledger.call('POST', `/v1/coupons/redemptions/${orderId}/${deed}`);

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
  const late = { code: 'ledger.redemption_closed', redemptionStatus: 'timed_out' };
  for (const deed of ['redeem', 'release'] as const) expect((await close('held-1', deed)).json()).toMatchObject(late);
  await ledger.settle();
  for (const deed of ['redeem', 'release'] as const) expect((await close('held-1', deed)).json()).toMatchObject(late);
  expect(await ok('GET', '/v1/coupons/redemptions/held-1')).toMatchObject({ status: 'timed_out' });
  expect(await coupon()).toMatchObject({ reserved: 0, redeemed: 0 });
  expect((await redeem('held-2', ['HOLDME'])).statusCode).toBe(201);
  expect((await close('held-2', 'release')).statusCode).toBe(200);
  // Held already, and now asked for at once: nobody is to think it used and have it given back by time.
  expect((await redeem('held-3', ['HOLDME'], { holdSeconds: 60 })).json().status).toBe('reserved');
  expect((await redeem('held-3', ['HOLDME'])).json()).toMatchObject({ status: 'redeemed' });
  expect(await coupon()).toMatchObject({ reserved: 0, redeemed: 1 });
  expect((await redeem('held-3', ['HOLDME'], { holdSeconds: 60 })).json().status).toBe('redeemed');
  expect((await close('held-3', 'release')).statusCode).toBe(200);
  // What was held for too long is not held, though no sweep has been by: not to the same cart, nor to another.
  await addPool({}, { codes: ['HOLDTOO'] });
  expect((await redeem('held-4', ['HOLDME'], { holdSeconds: 60 })).statusCode).toBe(201);
  ledger.clock.advance('PT60S');
  expect((await redeem('held-4', ['HOLDME'], { holdSeconds: 60 })).json().expiresAt).toBe(
    ledger.clock.now().add({ seconds: 60 }).toString(),
  );
  ledger.clock.advance('PT60S');
  expect((await redeem('held-4', ['HOLDTOO'])).json()).toMatchObject({ status: 'redeemed' });
  expect(await coupon()).toMatchObject({ reserved: 0, redeemed: 0 });
  expect(await ok('GET', '/v1/coupons/HOLDTOO')).toMatchObject({ reserved: 0, redeemed: 1 });
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

test('what a customer gave back counts against no limit', async () => {
  await addPool({ perCustomer: 1 }, { codes: ['ONCEEACH'], usesPerCode: 9 });
  const use = (orderId: string) => redeem(orderId, ['ONCEEACH'], { customerId: 'cora' });
  expect((await use('once-1')).statusCode).toBe(201);
  expect((await use('once-2')).json().results[0].reason).toBe('customer_limit');
  expect((await close('once-1', 'release')).statusCode).toBe(200);
  expect((await use('once-2')).statusCode).toBe(201);
});

test('an order that is told with other lines is another one, though its total is the same', async () => {
  await addPool({}, { codes: ['SAMETOTAL'], usesPerCode: 9 });
  const line = { sku: 'tea', quantity: 1, amountMinor: 1_000 };
  const ask = (lines: object[]) => redeem('same-total', ['SAMETOTAL'], { lines });
  expect((await ask([line])).statusCode).toBe(201);
  expect((await ask([line])).statusCode).toBe(201);
  for (const other of [
    { ...line, sku: 'rice' },
    { ...line, quantity: 2 },
    { ...line, category: 'drinks' },
  ])
    expect((await ask([other])).statusCode).toBe(409);
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
