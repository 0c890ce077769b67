import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyTally, openTally, type PastPurchase, resultOf, type Tally } from './replay.ts';
import { compileRules } from './rules/compile.ts';

/** So little that most of the drawn histories use it up. */
const BUDGET = 33;

const RULES = compileRules({
  rates: [{ currency: 'EUR', points: 1, perMinor: 100 }],
  rounding: 'floor',
  timeZone: 'Asia/Tehran',
  calendar: 'persian',
  rules: [
    {
      id: 'visit',
      name: 'Visit',
      trigger: { on: 'purchase' },
      effect: { kind: 'fixed', points: 5 },
      order: 1,
      caps: {
        perCustomer: [{ limit: 12, unit: 'points', per: 'month' }],
        budget: [{ limit: BUDGET, unit: 'points', per: 'forever' }],
        beyond: 'reduce',
      },
    },
  ],
});

const DAY_MS = 86_400_000;
const START_MS = Date.parse('2026-03-01T00:00:00Z');

const purchases = fc
  .array(
    fc.record({
      customer: fc.integer({ min: 0, max: 4 }),
      day: fc.integer({ min: 0, max: 60 }),
      totalMinor: fc.integer({ min: 0, max: 2_000 }),
      currency: fc.constantFrom('EUR', 'USD'),
      pointsEarned: fc.integer({ min: 0, max: 25 }),
      hasDetails: fc.boolean(),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map((drawn) =>
    drawn
      .map(
        ({ customer, day, totalMinor, currency, pointsEarned, hasDetails }, i): PastPurchase => ({
          orderId: `o${i}`,
          customerId: `c${customer}`,
          occurredAtMs: START_MS + day * DAY_MS,
          order: { currency, totalMinor, lines: [] },
          pointsEarned,
          hasDetails,
        }),
      )
      .sort((a, b) =>
        a.customerId < b.customerId ? -1 : a.customerId > b.customerId ? 1 : a.occurredAtMs - b.occurredAtMs,
      ),
  );

const replay = (
  portions: readonly (readonly PastPurchase[])[],
  isOutOfRange: (error: unknown) => boolean = () => false,
): Tally => {
  let tally = emptyTally();
  for (const portion of portions) {
    const open = openTally(RULES, tally, isOutOfRange);
    for (const purchase of portion) open.add(purchase, undefined);
    tally = JSON.parse(JSON.stringify(open.close()));
  }
  return tally;
};

test('in portions it finds what it finds in one go, and its sums agree with each other', () => {
  fc.assert(
    fc.property(purchases, fc.integer({ min: 1, max: 7 }), (all, size) => {
      const portions = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
        all.slice(i * size, (i + 1) * size),
      );
      const result = resultOf(replay(portions), [{ currency: 'EUR', minor: 3, perPoints: 2 }]);
      expect(result).toEqual(resultOf(replay([all]), [{ currency: 'EUR', minor: 3, perPoints: 2 }]));
      expect(result.orders).toBe(all.length);
      const { up, down, same } = result.customers;
      expect(up + down + same).toBe(new Set(all.map(({ customerId }) => customerId)).size);
      expect(result.byRule.reduce((sum, { points }) => sum + points, 0)).toBe(result.points.draft);
      expect(result.points.booked).toBe(all.reduce((sum, { pointsEarned }) => sum + pointsEarned, 0));
      expect(result.byRule.find(({ ruleId }) => ruleId === 'visit')?.points ?? 0).toBeLessThanOrEqual(BUDGET);
      const euro = result.byCurrency.find(({ currency }) => currency === 'EUR');
      if (euro) expect(euro.draftCostMinor).toBe(Math.floor((euro.draft * 3) / 2));
    }),
    { numRuns: 500 },
  );
});

const order = (orderId: string, customerId: string, totalMinor: number, pointsEarned: number): PastPurchase => ({
  ...{ orderId, customerId, pointsEarned, hasDetails: false },
  occurredAtMs: START_MS,
  order: { currency: 'EUR', totalMinor, lines: [] },
});

test('what a budget has given is counted from portion to portion, whoever had it', () => {
  const visits = ['a', 'b', 'c', 'd'].flatMap((name) => [1, 2, 3].map((i) => order(`${name}${i}`, name, 0, 0)));
  const portions = [visits.slice(0, 4), visits.slice(4, 5), visits.slice(5, 8), visits.slice(8)];
  // 12 by the cap of the month for a and b, 9 that are left of the budget for c, nothing for d.
  expect(resultOf(replay(portions), [])).toMatchObject({
    points: { draft: BUDGET },
    byRule: [{ ruleId: 'visit', orders: 8, points: BUDGET }],
    customers: { up: 3, down: 0, same: 1 },
  });
});

test('an order of more points than can be counted is left out, and told; whatever else fails ends the replay', () => {
  const orders = [
    order('1', 'a', 100, 0),
    order('2', 'a', Number.MAX_SAFE_INTEGER * 1_000, 7),
    order('3', 'a', 200, 0),
  ];
  expect(
    resultOf(
      replay([orders], () => true),
      [],
    ),
  ).toMatchObject({
    ...{ orders: 3, ordersOutOfRange: 1 },
    points: { booked: 7, draft: 1 + 5 + 2 + 5 },
  });
  expect(() => replay([orders])).toThrow();
});

test('a customer is counted by all its orders together', () => {
  const tally = replay([
    [order('1', 'a', 1_000, 20), order('2', 'a', 1_000, 9)],
    [order('3', 'a', 0, 3), order('4', 'b', 100, 0), order('5', 'c', 0, 50)],
  ]);
  // a: 15 + 15 + 2 of 5 by the cap of the month = 32, booked 32 · b: 6 instead of 0 · c: 5 instead of 50
  expect(resultOf(tally, []).customers).toEqual({ up: 1, down: 1, same: 1 });
});

test('what the draft and the books come to is told of each currency and rule, the most first', () => {
  const euro = { currency: 'EUR', minor: 5, perPoints: 2 };
  const dollars = {
    ...order('2', 'a', 900, 4),
    hasDetails: true,
    order: { currency: 'USD', totalMinor: 900, lines: [] },
  };
  const result = resultOf(replay([[order('1', 'a', 700, 10), dollars]]), [euro]);
  expect(result).toEqual({
    ...{ orders: 2, ordersWithoutDetails: 1, ordersOutOfRange: 0 },
    points: { booked: 14, draft: 17 },
    byCurrency: [
      {
        ...{ currency: 'USD', orders: 1, turnoverMinor: 900, booked: 4, draft: 5 },
        ...{ bookedCostMinor: null, draftCostMinor: null },
      },
      {
        ...{ currency: 'EUR', orders: 1, turnoverMinor: 700, booked: 10, draft: 12 },
        ...{ bookedCostMinor: 25, draftCostMinor: 30 },
      },
    ],
    byRule: [
      { ruleId: 'visit', orders: 2, points: 10 },
      { ruleId: 'base', orders: 1, points: 7 },
    ],
    customers: { up: 1, down: 0, same: 0 },
  });
});
