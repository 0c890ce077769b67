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

test('what a refund without an order did not find is a refund of the rest: matched later, it comes to the same', () => {
  const piece = (orderId: string, quantity: number, totalMinor: number): Order =>
    order({ orderId, totalMinor, lines: linesBySku([{ sku: 'x', quantity, amountMinor: totalMinor }]) });
  const money = refund({ orderId: null, amountMinor: 2_500 });
  expect(refundNewest([order({})], money).rest).toEqual({ ...money, amountMinor: 1_500 });
  expect(refundNewest([order({ totalMinor: 2_500 })], money).rest).toBeNull();
  const pieces = refund({
    ...{ scope: 'lines', orderId: null, amountMinor: null },
    lines: [
      { sku: 'x', quantity: 3, amountMinor: 900 },
      { sku: 'y', quantity: 1, amountMinor: 0 },
    ],
  });
  const first = refundNewest([piece('one', 1, 250)], pieces);
  expect(first).toMatchObject({ matchedMinor: 250, unmatchedMinor: 650 });
  const { rest } = first;
  expect(rest).toEqual({ ...pieces, lines: [{ sku: 'x', quantity: 2, amountMinor: 650 }, pieces.lines[1]] });
  const later = refundNewest([piece('two', 4, 1_200)], rest ?? pieces);
  expect(later).toMatchObject({ matchedMinor: 650, unmatchedMinor: 0, rest: { lines: [{ sku: 'y', quantity: 1 }] } });
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

const lineOf = (sku: string, quantity: number, amountMinor: number) => ({ sku, quantity, amountMinor });

test('what rests on lines is taken back with them, the rest with the money', () => {
  const bought = (): Order =>
    order({
      totalMinor: 100_000,
      pointsEarned: 600,
      lines: linesBySku([lineOf('a', 1, 50_000), lineOf('b', 1, 50_000)]),
      awards: [
        { ruleId: 'base', earnId: 'base', points: 100, due: 0 },
        { ruleId: 'bonus', earnId: 'bonus', points: 500, due: 0, basis: [['a', 50_000]] },
      ],
    });
  const lines = (...skus: string[]): Refund =>
    refund({ scope: 'lines', lines: skus.map((sku) => lineOf(sku, 1, 50_000)) });
  const half = refund({ amountMinor: 50_000 });
  const whole = refund({ scope: 'whole' });
  const dues = (...refunds: Refund[]): number[] => {
    const one = bought();
    return refunds.map((each) => due(refundOrder(one, each)));
  };
  expect(dues(lines('a'), lines('b'))).toEqual([550, 50]);
  expect(dues(lines('b'), lines('a'))).toEqual([50, 550]);
  expect(dues(lines('a', 'b'))).toEqual([600]);
  expect(dues(half, half)).toEqual([300, 300]);
  expect(dues(half, lines('b'), whole)).toEqual([300, 300, 0]);
  expect(dues(lines('b'), half)).toEqual([50, 550]);
  expect(dues(lines('b'), refund({ amountMinor: 25_000 }), whole)).toEqual([50, 275, 275]);
  // Returned for less than it cost: what it earned is gone with it.
  expect(dues(refund({ scope: 'lines', lines: [lineOf('a', 1, 40_000)] }))).toEqual([540]);
});

test('of an entry that rests on lines a part goes rounded down, by pieces or by money, whichever is more', () => {
  const bought = (): Order =>
    order({
      totalMinor: 30_000,
      pointsEarned: 10,
      lines: linesBySku([lineOf('a', 3, 30_000)]),
      awards: [{ ruleId: 'bonus', earnId: 'bonus', points: 10, due: 0, basis: [['a', 3]] }],
    });
  const dues = (...lines: ReturnType<typeof lineOf>[]): number[] => {
    const one = bought();
    return lines.map((each) => due(refundOrder(one, refund({ scope: 'lines', lines: [each] }))));
  };
  // 3⅓ a piece: what is not whole stays, until all is gone.
  expect(dues(lineOf('a', 1, 10_000), lineOf('a', 1, 10_000), lineOf('a', 1, 10_000))).toEqual([3, 3, 4]);
  // A piece that is paid back with the money of two: of 3 parts one is left.
  expect(dues(lineOf('a', 1, 20_000))).toEqual([6]);
});

test('however parts of it are refunded, an entry that rests on lines gives back no more than all, and all in the end', () => {
  const skus = ['a', 'b', 'c'] as const;
  const line = fc.record({
    sku: fc.constantFrom(...skus),
    quantity: fc.integer({ min: 1, max: 4 }),
    amountMinor: fc.integer({ min: 0, max: 900 }),
  });
  const part = fc.oneof(
    fc.integer({ min: 1, max: 500 }).map((amountMinor) => refund({ amountMinor })),
    fc.array(line, { minLength: 1, maxLength: 2 }).map((lines) => refund({ scope: 'lines', lines })),
  );
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: -300, max: 300 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.subarray([...skus], { minLength: 1 }),
      fc.array(part, { maxLength: 8 }),
      (lines, more, points, on, parts) => {
        const bySku = linesBySku(lines);
        const totalMinor = Math.max(1, lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0) + more);
        const basis = on.map((sku): [string, number] => [sku, 1 + (bySku.get(sku)?.[1] ?? 0)]);
        const awards = [{ ruleId: 'r', earnId: 'r', points, due: 0, basis }];
        const bought = order({ totalMinor, pointsEarned: points, lines: bySku, awards });
        let taken = 0;
        for (const each of parts) {
          const before = taken;
          taken += due(refundOrder(bought, each));
          expect(taken).toBeGreaterThanOrEqual(before);
          expect(taken).toBeLessThanOrEqual(points);
        }
        taken += due(refundOrder(bought, refund({ scope: 'whole' })));
        expect(taken).toBe(points);
      },
    ),
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
