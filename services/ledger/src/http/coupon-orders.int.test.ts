import { createApiKey } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findOrdersOf } from '../store/coupon-redemptions.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';

let ledger: LedgerHarness;
const { ok, addPool, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const close = (orderId: string, deed: 'redeem' | 'release') => ok('POST', `/v1/coupons/redemptions/${orderId}/${deed}`);

test('an order that asks anew after its coupons were given back is told as it was asked last', async () => {
  await addPool({}, { codes: ['FIRST-1'] });
  const half = { kind: 'percent', numerator: 1, denominator: 2, base: 'remaining' } as const;
  const stacking = { group: null, exclusive: false, with: null };
  await addPool({ stacking: { ...stacking, order: 2 } }, { codes: ['THEN-1'] });
  await addPool({ discount: half, stacking: { ...stacking, order: 1 } }, { codes: ['WHOLE-1'] });
  const first = { customerId: 'ann', holdSeconds: 60, lines: [{ sku: 'tea', quantity: 1, amountMinor: 1_000 }] };
  expect((await redeem('anew', ['FIRST-1'], first)).json()).toMatchObject({ status: 'reserved', discountMinor: 100 });
  await close('anew', 'release');
  ledger.clock.advance('PT1H');
  const till = await createApiKey(ledger.admin, { name: 'till', scopes: ['ledger:write'] }, ledger.clock.now());
  const lines = [
    { sku: 'cup', quantity: 1, amountMinor: 300 },
    { sku: 'pot', quantity: 1, amountMinor: 400 },
  ];
  const last = { customerId: 'bob', currency: 'IRR', totalMinor: 800, lines };
  const asked = ['THEN-1', 'WHOLE-1'];
  const answer = await redeem('anew', asked, last, { authorization: `Bearer ${till.secret}` });
  expect(answer.json()).toEqual({
    ...{ orderId: 'anew', status: 'redeemed', customerId: 'bob', currency: 'IRR', totalMinor: 800 },
    ...{ discountMinor: 440, remainingMinor: 360, lineDiscountsMinor: [165, 220] },
    codes: [
      { code: 'WHOLE1', poolId: expect.any(String), applied: 1, discountMinor: 400 },
      { code: 'THEN1', poolId: expect.any(String), applied: 2, discountMinor: 40 },
    ],
    createdAt: ledger.clock.now().toString(),
  });
  expect(await ok('GET', '/v1/coupons/redemptions/anew')).toEqual(answer.json());
  const kept = () => ledger.sql('ledger')`select actor, closed_at from coupon_redemption where order_id = 'anew'`;
  expect(await kept()).toEqual([{ actor: till.id, closed_at: null }]);
  expect((await redeem('anew', asked.toReversed(), last)).json()).toEqual(answer.json());
  expect((await redeem('anew', ['FIRST-1'], first)).statusCode).toBe(409);
  expect((await ok('GET', '/v1/coupons/FIRST-1')).orders).toEqual([]);
  await close('anew', 'release');
  expect(await kept()).not.toMatchObject([{ closed_at: null }]);
});

test('the orders of a code are told newest first, those whose coupons were given back not', async () => {
  await addPool({}, { codes: ['MANY-1'], usesPerCode: 9 });
  for (const orderId of ['b', 'd', 'a', 'c']) {
    await redeem(orderId, ['MANY-1'], { holdSeconds: 86_400 });
    ledger.clock.advance('PT1M');
  }
  await close('a', 'release');
  await close('d', 'redeem');
  const told = (orderId: string, status: string) => ({ orderId, status, discountMinor: 100 });
  expect((await ok('GET', '/v1/coupons/MANY-1')).orders).toEqual([
    told('c', 'reserved'),
    told('d', 'redeemed'),
    told('b', 'reserved'),
  ]);
  expect(await findOrdersOf(ledger.sql('ledger'), 'MANY1', 2)).toMatchObject([{ orderId: 'c' }, { orderId: 'd' }]);
});

test('whatever of a cart or its codes is another is another order', async () => {
  await addPool({}, { codes: ['SAME-1', 'SAME-2'], usesPerCode: 9 });
  const line = { sku: 'tea', quantity: 1, amountMinor: 900, category: 'food', brand: 'ahmad', labels: ['new'] };
  const ask = (codes: string[], more: object = {}) => redeem('same', codes, { lines: [line], ...more });
  const codes = ['SAME-1', 'SAME-2'];
  expect((await ask(codes)).statusCode).toBe(201);
  expect((await ask(['same 2', 'same 1'])).statusCode).toBe(201);
  for (const other of [
    { currency: 'USD' },
    { totalMinor: 1_001 },
    { lines: [] },
    ...Object.entries({ sku: 'rice', quantity: 2, amountMinor: 901, category: 'drink', brand: 'do', labels: [] }).map(
      ([name, value]) => ({ lines: [{ ...line, [name]: value }] }),
    ),
  ])
    expect((await ask(codes, other)).json(), JSON.stringify(other)).toMatchObject({
      code: 'ledger.order_redeemed_otherwise',
    });
  expect((await ask(['SAME-1'])).statusCode).toBe(409);
});

test('what an order held for too long is locked with what it asks for next, in the order of codes: nobody waits in a ring', async () => {
  await addPool({}, { codes: ['ALOCK-1', 'ZLOCK-1'] });
  await redeem('ring', ['ZLOCK-1'], { holdSeconds: 60 });
  ledger.clock.advance('PT1M');
  const undo = new Error('undo');
  let asked: ReturnType<typeof redeem> | undefined;
  await ledger.admin
    .begin(async (tx) => {
      await tx`select from ledger.coupon where code = 'ALOCK1' for update`;
      asked = redeem('ring', ['ALOCK-1']);
      await untilWaiting(ledger);
      // It waits for the first of them, and holds no later one.
      expect(await tx`select from ledger.coupon where code = 'ZLOCK1' for update skip locked`).toHaveLength(1);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  expect((await asked)?.json()).toMatchObject({ status: 'redeemed', codes: [{ code: 'ALOCK1' }] });
  expect(await ok('GET', '/v1/coupons/ZLOCK-1')).toMatchObject({ reserved: 0, redeemed: 0 });
});
