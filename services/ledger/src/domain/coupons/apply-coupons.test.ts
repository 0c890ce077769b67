import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Applied,
  type AskedCode,
  applyCoupons,
  type Coupon,
  type CouponRejection,
  canStack,
} from './apply-coupons.ts';
import type { Cart } from './cart.ts';
import type { CouponCustomer, CouponTerms, Discount } from './terms.ts';

const NOW = Date.parse('2026-11-21T08:00:00Z');
const ANN: CouponCustomer = { customerId: 'ann', tier: 'gold', segments: ['vip'] };
const CART: Cart = {
  currency: 'IRR',
  totalMinor: 1_000,
  lines: [
    { sku: 'tea', quantity: 3, amountMinor: 600, category: 'food', brand: 'a', labels: ['new'] },
    { sku: 'cup', quantity: 1, amountMinor: 300, category: 'home' },
  ],
};
const fixed = (minor: number): Discount => ({ kind: 'fixed', currency: 'IRR', minor });
const percent = (numerator: number, denominator = 100, base: 'remaining' | 'original' = 'remaining'): Discount => ({
  kind: 'percent',
  numerator,
  denominator,
  base,
});
const terms = (
  discount: Discount,
  more: Omit<Partial<CouponTerms>, 'stacking'> & { stacking?: object } = {},
): CouponTerms => ({
  discount,
  perCustomer: null,
  startsAt: null,
  endsAt: null,
  ...more,
  stacking: { group: null, exclusive: false, with: null, order: 0, ...more.stacking },
});
const coupon = (code: string, given: CouponTerms, more: Partial<Coupon> = {}): AskedCode => ({
  code,
  mistyped: false,
  coupon: {
    code,
    poolId: `pool-${code}`,
    poolStatus: 'active',
    terms: given,
    voided: false,
    customerId: null,
    maxUses: 1,
    reserved: 0,
    redeemed: 0,
    expiresAtMs: null,
    usesOfCustomer: 0,
    ...more,
  },
});
const apply = (asked: AskedCode[], customer: CouponCustomer | null = ANN, cart: Cart = CART): Applied =>
  applyCoupons(cart, customer, asked, NOW);
const reasonOf = (asked: AskedCode, customer: CouponCustomer | null = ANN): CouponRejection | undefined => {
  const [result] = apply([asked], customer).results;
  return result?.accepted ? undefined : result?.reason;
};

test('every reason that concerns the code alone', () => {
  const ten = terms(percent(10));
  expect(reasonOf({ code: 'X', coupon: undefined, mistyped: false })).toBe('not_found');
  expect(reasonOf({ code: 'X', coupon: undefined, mistyped: true })).toBe('mistyped');
  expect(reasonOf(coupon('X', ten, { voided: true }))).toBe('disabled');
  expect(reasonOf(coupon('X', ten, { poolStatus: 'paused' }))).toBe('disabled');
  expect(reasonOf(coupon('X', terms(percent(10), { startsAt: '2026-11-21T08:00:00.001Z' })))).toBe('not_started');
  expect(reasonOf(coupon('X', terms(percent(10), { startsAt: '2026-11-21T08:00:00Z' })))).toBeUndefined();
  expect(reasonOf(coupon('X', terms(percent(10), { endsAt: '2026-11-21T08:00:00Z' })))).toBe('expired');
  expect(reasonOf(coupon('X', terms(percent(10), { endsAt: '2026-11-21T08:00:00.001Z' })))).toBeUndefined();
  expect(reasonOf(coupon('X', ten, { expiresAtMs: NOW }))).toBe('expired');
  expect(reasonOf(coupon('X', ten, { expiresAtMs: NOW + 1 }))).toBeUndefined();
  expect(reasonOf(coupon('X', ten, { redeemed: 1 }))).toBe('used_up');
  expect(reasonOf(coupon('X', ten, { reserved: 1 }))).toBe('reserved');
  expect(reasonOf(coupon('X', ten, { maxUses: 3, redeemed: 1, reserved: 1 }))).toBeUndefined();
  expect(reasonOf(coupon('X', ten, { maxUses: 3, redeemed: 1, reserved: 2 }))).toBe('reserved');
});

test('every reason that concerns the customer', () => {
  expect(reasonOf(coupon('X', terms(percent(10)), { customerId: 'bob' }))).toBe('other_customer');
  expect(reasonOf(coupon('X', terms(percent(10)), { customerId: 'ann' }))).toBeUndefined();
  expect(reasonOf(coupon('X', terms(percent(10)), { customerId: 'ann' }), null)).toBe('customer_required');
  expect(reasonOf(coupon('X', terms(percent(10), { perCustomer: 2 })), null)).toBe('customer_required');
  expect(reasonOf(coupon('X', terms(percent(10), { audience: { tiers: ['gold'] } })), null)).toBe('customer_required');
  expect(reasonOf(coupon('X', terms(percent(10))), null)).toBeUndefined();
  expect(reasonOf(coupon('X', terms(percent(10), { audience: { tiers: ['silver'] } })))).toBe('not_eligible');
  expect(reasonOf(coupon('X', terms(percent(10), { audience: { segments: ['new'] } })))).toBe('not_eligible');
  const nobodys = { ...ANN, tier: null };
  expect(reasonOf(coupon('X', terms(percent(10), { audience: { tiers: ['gold'] } })), nobodys)).toBe('not_eligible');
  const gold = { tiers: ['gold'], segments: ['new', 'vip'] };
  expect(reasonOf(coupon('X', terms(percent(10), { audience: gold })))).toBeUndefined();
  expect(reasonOf(coupon('X', terms(percent(10), { perCustomer: 2 }), { usesOfCustomer: 2 }))).toBe('customer_limit');
  expect(reasonOf(coupon('X', terms(percent(10), { perCustomer: 2 }), { usesOfCustomer: 1 }))).toBeUndefined();
});

test('two codes of a pool count together against its limit per customer', () => {
  const once = terms(percent(10), { perCustomer: 1 });
  const { results } = apply([coupon('X', once, { poolId: 'p' }), coupon('Y', once, { poolId: 'p' })]);
  expect(results).toMatchObject([{ accepted: true }, { accepted: false, reason: 'customer_limit' }]);
});

test('every reason that concerns the cart', () => {
  expect(reasonOf(coupon('X', terms({ kind: 'fixed', currency: 'EUR', minor: 5 })))).toBe('wrong_currency');
  expect(reasonOf(coupon('X', terms({ ...percent(10), atMost: { currency: 'EUR', minor: 5 } } as Discount)))).toBe(
    'wrong_currency',
  );
  expect(reasonOf(coupon('X', terms(percent(10), { minimum: { currency: 'EUR', minor: 1 } })))).toBe('wrong_currency');
  expect(apply([coupon('X', terms(percent(10), { minimum: { currency: 'IRR', minor: 1_001 } }))]).results).toEqual([
    { code: 'X', accepted: false, reason: 'below_minimum', minimumMinor: 1_001 },
  ]);
  expect(reasonOf(coupon('X', terms(percent(10), { minimum: { currency: 'IRR', minor: 1_000 } })))).toBeUndefined();
  expect(reasonOf(coupon('X', terms(percent(10), { appliesTo: { skus: ['pot'] } })))).toBe('not_applicable');
  expect(reasonOf(coupon('X', terms({ kind: 'free_product', sku: 'pot', quantity: 1 })))).toBe('not_applicable');
  expect(reasonOf(coupon('X', terms(percent(1, 1_000_000))))).toBe('not_applicable');
  expect(apply([coupon('X', terms(fixed(5))), coupon('X', terms(fixed(5)))]).results).toMatchObject([
    { accepted: true },
    { accepted: false, reason: 'duplicate' },
  ]);
});

test('discounts are a share rounded down, an amount, or the price of pieces', () => {
  expect(apply([coupon('X', terms(percent(1, 3)))])).toMatchObject({ discountMinor: 333, remainingMinor: 667 });
  expect(
    apply([coupon('X', terms({ ...percent(50), atMost: { currency: 'IRR', minor: 70 } } as Discount))]).discountMinor,
  ).toBe(70);
  expect(apply([coupon('X', terms(fixed(250)))]).discountMinor).toBe(250);
  expect(apply([coupon('X', terms({ kind: 'free_product', sku: 'tea', quantity: 2 }))])).toEqual({
    results: [{ code: 'X', accepted: true, discountMinor: 400, applied: 1 }],
    discountMinor: 400,
    remainingMinor: 600,
    lineDiscountsMinor: [400, 0],
  });
  const food = terms(percent(10), {
    appliesTo: { categories: ['food', 'drink'], brands: ['a'], labels: ['new', 'old'] },
  });
  expect(apply([coupon('X', food)])).toMatchObject({ discountMinor: 60, lineDiscountsMinor: [60, 0] });
  expect(apply([coupon('X', terms(fixed(900), { appliesTo: { skus: ['cup'] } }))])).toMatchObject({
    discountMinor: 300,
    lineDiscountsMinor: [0, 300],
  });
});

test('a line counts if every list that is given names it; of its labels one is enough', () => {
  const lines = [
    { sku: 'a', quantity: 1, amountMinor: 100, category: 'food', brand: 'x', labels: ['new', 'bio'] },
    { sku: 'b', quantity: 1, amountMinor: 100, category: 'home', brand: 'y', labels: ['old'] },
    { sku: 'c', quantity: 1, amountMinor: 100 },
  ];
  const cart: Cart = { currency: 'IRR', totalMinor: 350, lines };
  const filters: [object, number[]][] = [
    [{ skus: ['a', 'c'] }, [50, 0, 50]],
    [{ categories: ['home'] }, [0, 50, 0]],
    [{ brands: ['x', 'z'] }, [50, 0, 0]],
    [{ labels: ['bio', 'old'] }, [50, 50, 0]],
    [{ categories: ['food', 'home'], brands: ['y'] }, [0, 50, 0]],
    [{ brands: ['x'], labels: ['old'] }, []],
  ];
  for (const [appliesTo, taken] of filters) {
    const { results, lineDiscountsMinor } = apply([coupon('X', terms(percent(50), { appliesTo }))], ANN, cart);
    if (taken.length > 0) expect(lineDiscountsMinor, JSON.stringify(appliesTo)).toEqual(taken);
    else expect(results).toMatchObject([{ reason: 'not_applicable' }]);
  }
});

test('what rounding leaves of a discount is taken off the first line that has it', () => {
  const line = (sku: string, amountMinor: number) => ({ sku, quantity: 1, amountMinor });
  const cart: Cart = { currency: 'IRR', totalMinor: 61, lines: [line('a', 1), line('b', 30), line('c', 30)] };
  const { lineDiscountsMinor } = apply([coupon('X', terms(fixed(31)))], ANN, cart);
  expect(lineDiscountsMinor).toEqual([1, 15, 15]);
});

test('a piece that is made free costs its share of what is left, and is made free once', () => {
  const tea = (quantity: number, order: number) =>
    terms({ kind: 'free_product', sku: 'tea', quantity }, { stacking: { order } });
  const half = terms(percent(50), { stacking: { order: 1 } });
  // Two of three pieces at 100 each, then two at 200: the third is paid for, whichever comes first.
  expect(apply([coupon('X', half), coupon('Y', tea(2, 2))])).toMatchObject({
    results: [{ discountMinor: 500 }, { discountMinor: 200 }],
    lineDiscountsMinor: [500, 150],
  });
  expect(apply([coupon('X', half), coupon('Y', tea(2, 0))]).lineDiscountsMinor).toEqual([500, 150]);
  expect(apply([coupon('X', tea(2, 0)), coupon('Y', tea(2, 0)), coupon('Z', tea(1, 0))])).toMatchObject({
    results: [{ discountMinor: 400 }, { discountMinor: 200 }, { accepted: false, reason: 'nothing_left' }],
  });
  // The second coupon makes the second piece free, also where each piece is a line of its own.
  const line = (amountMinor: number) => ({ sku: 'tea', quantity: 1, amountMinor });
  const cart: Cart = { currency: 'IRR', totalMinor: 150, lines: [line(0), line(100), line(50)] };
  expect(apply([coupon('X', tea(1, 0)), coupon('Y', tea(1, 0)), coupon('Z', tea(1, 0))], ANN, cart)).toMatchObject({
    results: [{ discountMinor: 100 }, { discountMinor: 50 }, { accepted: false, reason: 'nothing_left' }],
    lineDiscountsMinor: [0, 100, 50],
  });
});

test('shares are of what is left, or of the cart as it came; the order decides, then the order of sending', () => {
  const half = (base: 'remaining' | 'original', order: number) =>
    terms(percent(50, 100, base), { stacking: { order } });
  expect(apply([coupon('X', half('remaining', 0)), coupon('Y', half('remaining', 0))]).discountMinor).toBe(750);
  expect(apply([coupon('X', half('remaining', 0)), coupon('Y', half('original', 0))]).discountMinor).toBe(1_000);
  const { results } = apply([
    coupon('X', terms(fixed(100), { stacking: { order: 2 } })),
    coupon('Y', half('remaining', 1)),
  ]);
  expect(results).toEqual([
    { code: 'X', accepted: true, discountMinor: 100, applied: 2 },
    { code: 'Y', accepted: true, discountMinor: 500, applied: 1 },
  ]);
});

test('what is paid for already takes no more: nothing is left', () => {
  const { results, remainingMinor } = apply([coupon('X', terms(fixed(2_000))), coupon('Y', terms(fixed(1)))]);
  expect(remainingMinor).toBe(0);
  expect(results).toMatchObject([{ discountMinor: 1_000 }, { accepted: false, reason: 'nothing_left' }]);
});

test('groups, exclusive coupons and partners decide what may be combined, and both sides must agree', () => {
  const of = (stacking: object) => terms(fixed(10), { stacking });
  const pairs: [object, object, boolean][] = [
    [{}, {}, true],
    [{ exclusive: true }, {}, false],
    [{}, { exclusive: true }, false],
    [{ group: 'a' }, { group: 'a' }, false],
    [{ group: 'a' }, { group: 'b' }, true],
    [{ group: 'a', with: ['b'] }, { group: 'b' }, true],
    [{ group: 'a', with: ['b'] }, { group: 'b', with: ['c'] }, false],
    [{ group: 'a', with: ['b'] }, {}, false],
    [{ with: [] }, {}, false],
  ];
  for (const [one, two, expected] of pairs) {
    expect(canStack(of(one), of(two))).toBe(expected);
    const { results } = apply([coupon('X', of(one)), coupon('Y', of(two))]);
    expect(results[1]).toMatchObject(
      expected ? { accepted: true } : { accepted: false, reason: 'not_stackable', conflictsWith: 'X' },
    );
  }
  const { results } = apply([
    coupon('X', of({ exclusive: true, order: 5 })),
    coupon('Y', of({ order: 1 })),
    coupon('Z', { ...of({ order: 0 }), startsAt: '2030-01-01T00:00:00Z' }),
  ]);
  expect(results).toMatchObject([
    { reason: 'not_stackable', conflictsWith: 'Y' },
    { accepted: true },
    { reason: 'not_started' },
  ]);
});

const anyDiscount = fc.oneof(
  fc.record({
    kind: fc.constant('percent' as const),
    numerator: fc.integer({ min: 1, max: 100 }),
    denominator: fc.integer({ min: 100, max: 300 }),
    base: fc.constantFrom('remaining' as const, 'original' as const),
  }),
  fc.record({
    kind: fc.constant('fixed' as const),
    currency: fc.constant('IRR'),
    minor: fc.integer({ min: 1, max: 5_000 }),
  }),
  fc.record({
    kind: fc.constant('free_product' as const),
    sku: fc.constantFrom('a', 'b', 'c'),
    quantity: fc.integer({ min: 1, max: 5 }),
  }),
);
const anyTerms = fc
  .record({
    discount: anyDiscount,
    skus: fc.option(fc.subarray(['a', 'b', 'c'], { minLength: 1 })),
    group: fc.option(fc.constantFrom('g', 'h')),
    exclusive: fc.boolean(),
    with: fc.option(fc.subarray(['g', 'h'])),
    order: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ discount, skus, ...stacking }) => terms(discount, { stacking, ...(skus ? { appliesTo: { skus } } : {}) }));
const anyCart = fc
  .record({
    lines: fc.array(
      fc.record({
        sku: fc.constantFrom('a', 'b', 'c'),
        quantity: fc.integer({ min: 1, max: 4 }),
        amountMinor: fc.integer({ min: 0, max: 3_000 }),
      }),
      { maxLength: 5 },
    ),
    delivery: fc.integer({ min: 0, max: 500 }),
  })
  .map(
    ({ lines, delivery }): Cart => ({
      currency: 'IRR',
      lines,
      totalMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, delivery),
    }),
  );

test('whatever is combined: nothing below 0, every part adds up, accepted coupons go together, rejected ones have a reason', () => {
  fc.assert(
    fc.property(anyCart, fc.array(anyTerms, { maxLength: 5 }), (cart, all) => {
      const asked = all.map((each, i) => coupon(`C${i}`, each));
      const { results, discountMinor, remainingMinor, lineDiscountsMinor } = apply(asked, ANN, cart);
      expect(remainingMinor).toBeGreaterThanOrEqual(0);
      expect(discountMinor + remainingMinor).toBe(cart.totalMinor);
      const accepted = results.filter((result) => result.accepted);
      expect(accepted.reduce((sum, each) => sum + each.discountMinor, 0)).toBe(discountMinor);
      for (const { discountMinor: each } of accepted) expect(each).toBeGreaterThan(0);
      lineDiscountsMinor.forEach((each, i) => {
        expect(each).toBeGreaterThanOrEqual(0);
        expect(each).toBeLessThanOrEqual(cart.lines[i]?.amountMinor ?? 0);
      });
      expect(lineDiscountsMinor.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(discountMinor);
      const kept = results.flatMap((result, i) => (result.accepted ? [all[i] as CouponTerms] : []));
      for (const [i, one] of kept.entries()) for (const two of kept.slice(i + 1)) expect(canStack(one, two)).toBe(true);
      expect(results.map(({ code }) => code)).toEqual(asked.map(({ code }) => code));
      // Once more gives the same: nothing was changed by deciding.
      expect(apply(asked, ANN, cart).results).toEqual(results);
    }),
    { numRuns: 1_000 },
  );
});
