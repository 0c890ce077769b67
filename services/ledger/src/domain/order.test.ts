import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkRefund, linesBySku, type Order, type Refund, refundNewest, refundOrder } from './order.ts';

const order = (more: Partial<Order> = {}): Order => ({
  orderId: 'o1',
  customerId: 'ann',
  occurredAtMs: 1_000,
  currency: 'EUR',
  totalMinor: 1_000,
  refundedMinor: 0,
  pointsEarned: 7,
  pointsTakenBack: 0,
  earnId: 'lot',
  lines: linesBySku([]),
  ...more,
});

const refund = (more: Partial<Refund> = {}): Refund => ({
  refundId: 'r1',
  customerId: 'ann',
  orderId: 'o1',
  scope: 'amount',
  currency: 'EUR',
  amountMinor: 100,
  lines: [],
  occurredAt: '2026-01-01T00:00:00Z',
  ...more,
});

const due = ({ matches }: ReturnType<typeof refundOrder>): number =>
  matches.reduce((sum, { pointsDue }) => sum + pointsDue, 0);

test('refunds in any parts come to exactly the points earned, at no time to more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 20, size: 'max' }),
      (totalMinor, pointsEarned, parts) => {
        const bought = order({ totalMinor, pointsEarned });
        let taken = 0;
        for (const amountMinor of parts) {
          taken += due(refundOrder(bought, refund({ amountMinor })));
          expect(taken * totalMinor).toBeLessThanOrEqual(pointsEarned * bought.refundedMinor);
          expect((taken + 1) * totalMinor).toBeGreaterThan(pointsEarned * bought.refundedMinor);
        }
        taken += due(refundOrder(bought, refund({ scope: 'whole', amountMinor: null })));
        expect(taken).toBe(pointsEarned);
        expect(bought.refundedMinor).toBe(totalMinor);
      },
    ),
  );
});

test('a refund beyond what is left is capped and says by how much', () => {
  const bought = order();
  expect(refundOrder(bought, refund({ amountMinor: 1_500 }))).toMatchObject({
    matchedMinor: 1_000,
    unmatchedMinor: 500,
  });
  expect(refundOrder(bought, refund({ amountMinor: 10 }))).toMatchObject({ matchedMinor: 0, unmatchedMinor: 10 });
});

test('lines of the same sku are one, and can be returned piece by piece', () => {
  const lines = linesBySku([
    { sku: 'a', quantity: 1, amountMinor: 100 },
    { sku: 'a', quantity: 2, amountMinor: 200 },
    { sku: 'b', quantity: 1, amountMinor: 700 },
  ]);
  const bought = order({ lines });
  const piece = refund({ scope: 'lines', lines: [{ sku: 'a', quantity: 1, amountMinor: 100 }] });
  for (const left of [200, 100, 0]) {
    expect(refundOrder(bought, piece).matchedMinor).toBe(100);
    const [, amount = 0, , gone = 0] = bought.lines.get('a') ?? [];
    expect(amount - gone).toBe(left);
  }
  expect(refundOrder(bought, piece)).toMatchObject({ matchedMinor: 0, unmatchedMinor: 100 });
});

test('skus named like parts of an object are skus', () => {
  const strange = ['__proto__', 'constructor', 'toString'];
  const lines = linesBySku(strange.map((sku) => ({ sku, quantity: 1, amountMinor: 100 })));
  const bought = order({ lines });
  const wanted = [...strange, 'hasOwnProperty'].map((sku) => ({ sku, quantity: 1, amountMinor: 100 }));
  expect(refundOrder(bought, refund({ scope: 'lines', lines: wanted }))).toMatchObject({
    matchedMinor: 300,
    unmatchedMinor: 100,
  });
});

test('what was refunded whole is not refunded again by line', () => {
  const lines = [{ sku: 'a', quantity: 1, amountMinor: 1_000 }];
  const bought = order({ lines: linesBySku(lines) });
  expect(due(refundOrder(bought, refund({ scope: 'whole' })))).toBe(7);
  expect(due(refundOrder(bought, refund({ scope: 'lines', lines })))).toBe(0);
});

test('an order sent without lines is refunded by the money of the lines', () => {
  const lines = [{ sku: 'a', quantity: 1, amountMinor: 400 }];
  expect(refundOrder(order(), refund({ scope: 'lines', lines }))).toMatchObject({
    matchedMinor: 400,
    unmatchedMinor: 0,
  });
});

test('without an order, other currencies, other customers and later purchases are left alone', () => {
  const candidates = [
    order({ orderId: 'other-currency', currency: 'USD' }),
    order({ orderId: 'other-customer', customerId: 'bob' }),
    order({ orderId: 'later', occurredAtMs: Date.parse('2026-01-01T00:00:00.001Z') }),
    order({ orderId: 'same-moment', occurredAtMs: Date.parse('2026-01-01T00:00:00Z') }),
    order({ orderId: 'older' }),
  ];
  const { matches, unmatchedMinor } = refundNewest(candidates, refund({ orderId: null, amountMinor: 2_500 }));
  expect(matches.map((match) => [match.order.orderId, match.amountMinor])).toEqual([
    ['same-moment', 1_000],
    ['older', 1_000],
  ]);
  expect(unmatchedMinor).toBe(500);
});

test.each([
  ['the dearer first', 150_000, 50_000],
  ['the cheaper first', 50_000, 150_000],
])('pieces of one sku bought at two prices are refunded whole: %s', (_, older, newer) => {
  const piece = (orderId: string, totalMinor: number, occurredAtMs: number): Order => {
    const lines = linesBySku([{ sku: 'x', quantity: 1, amountMinor: totalMinor }]);
    return order({ orderId, totalMinor, occurredAtMs, pointsEarned: totalMinor / 1_000, lines });
  };
  const candidates = [piece('older', older, 1_000), piece('newer', newer, 2_000)];
  const both = { scope: 'lines' as const, orderId: null, lines: [{ sku: 'x', quantity: 2, amountMinor: 200_000 }] };
  const matching = refundNewest(candidates, refund(both));
  expect(matching).toMatchObject({ matchedMinor: 200_000, unmatchedMinor: 0 });
  expect(due(matching)).toBe(200);
  expect(candidates.map(({ refundedMinor }) => refundedMinor)).toEqual([older, newer]);
});

test('money of pieces that were not found is not taken from those that were', () => {
  const lines = linesBySku([{ sku: 'x', quantity: 1, amountMinor: 1_000 }]);
  const three = refund({ scope: 'lines', lines: [{ sku: 'x', quantity: 3, amountMinor: 900 }] });
  expect(refundOrder(order({ lines }), three)).toMatchObject({ matchedMinor: 300, unmatchedMinor: 600 });
});

test.each([
  ['whole', { orderId: null }, '/orderId'],
  ['amount', { amountMinor: null }, '/amountMinor'],
  ['lines', { lines: [] }, '/lines'],
] as const)('a refund of scope %s needs its own field', (scope, missing, path) => {
  const incomplete = refund({ scope, ...missing, lines: [] });
  expect(() => checkRefund(incomplete)).toThrow(
    expect.objectContaining({
      code: 'ledger.refund_incomplete',
      details: { problems: [{ path, message: 'is missing' }] },
    }),
  );
});

test('an order of several entries gives back from each, in parts that add up to each', () => {
  const entry = (ruleId: string, points: number) => ({ ruleId, earnId: `lot of ${ruleId}`, points, due: 0 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3_000 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 8 }),
      (totalMinor, points, parts) => {
        const awards = points.map((each, i) => entry(`r${i}`, each));
        const pointsEarned = points.reduce((sum, each) => sum + each, 0);
        const bought = order({ totalMinor, pointsEarned, awards });
        const taken = points.map(() => 0);
        const take = ({ matches }: ReturnType<typeof refundOrder>): void => {
          for (const each of matches.flatMap(({ dues }) => dues)) {
            const i = Number(each.ruleId.slice(1));
            expect(each.earnId).toBe(`lot of ${each.ruleId}`);
            taken[i] = (taken[i] ?? 0) + each.points;
          }
        };
        for (const amountMinor of parts) {
          take(refundOrder(bought, refund({ amountMinor })));
          if (totalMinor > 0)
            expect(taken).toEqual(points.map((each) => Math.floor((each * bought.refundedMinor) / totalMinor)));
          else expect(taken).toEqual(points.map(() => 0));
        }
        const whole = refund({ scope: 'whole', amountMinor: null });
        take(refundOrder(bought, whole));
        take(refundOrder(bought, whole));
        expect(taken).toEqual(points);
      },
    ),
  );
});
