import { AppError } from '@vafa/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Rounding } from '../programme.ts';
import { exactly, isNothing, plus, roundPoints, times } from './exact.ts';

/** The same by BigInt alone. */
const round = (n: bigint, d: bigint, rounding: Rounding): bigint =>
  rounding === 'floor' ? n / d : rounding === 'ceil' ? (n + d - 1n) / d : (2n * n + d) / (2n * d);

test.each([
  ['floor', 19_999, 1],
  ['half_up', 14_999, 1],
  ['half_up', 15_000, 2],
  ['ceil', 10_001, 2],
  ['ceil', 10_000, 1],
] as const)('%s of %i rial at a point per 10,000 is %i', (rounding, total, points) => {
  expect(roundPoints(exactly(total, 1, 10_000), rounding)).toBe(points);
});

test('nothing is nothing, however it is multiplied and rounded', () => {
  const nothing = times(exactly(0, 7, 3), 12, 10);
  expect(isNothing(nothing)).toBe(true);
  expect(Object.is(roundPoints(nothing, 'ceil'), 0)).toBe(true);
});

const amount = fc.integer({ min: 0, max: 1_000_000_000_000_000 });
const points = fc.integer({ min: 1, max: 1_000_000_000 });
const per = fc.integer({ min: 1, max: 1_000_000_000_000 });
const factor = fc.tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 1, max: 1_000_000 }));

test('multiplies, adds and rounds as exact arithmetic does, also beyond exact floats', () => {
  const term = fc.record({ amount, points, per, factors: fc.array(factor, { maxLength: 3 }) });
  fc.assert(
    fc.property(term, term, (...terms) => {
      let [n, d] = [0n, 1n];
      const [first, second] = terms.map((each) => {
        let value = exactly(each.amount, each.points, each.per);
        let [own, under] = [BigInt(each.amount) * BigInt(each.points), BigInt(each.per)];
        for (const [up, down] of each.factors) {
          value = times(value, up, down);
          [own, under] = [own * BigInt(up), under * BigInt(down)];
        }
        [n, d] = [n * under + own * d, d * under];
        return value;
      });
      if (!first || !second) throw new Error('there are two terms');
      const sum = plus(first, second);
      for (const rounding of ['floor', 'half_up', 'ceil'] as const) {
        const expected = round(n, d, rounding);
        if (expected > 1_000_000_000_000_000n) expect(() => roundPoints(sum, rounding)).toThrow(AppError);
        else expect(BigInt(roundPoints(sum, rounding))).toBe(expected);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('refuses more points than can be counted', () => {
  expect(() => roundPoints(exactly(1_000_000_000_000_000, 1_000_000, 1), 'floor')).toThrow(
    'more points than can be counted',
  );
});
