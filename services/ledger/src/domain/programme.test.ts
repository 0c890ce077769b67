import { AppError } from '@vafa/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { awardFor, type Rounding } from './programme.ts';

const programme = (points: number, perMinor: number, rounding: Rounding) => ({
  rates: [{ currency: 'IRR', points, perMinor }],
  rounding,
});

test.each([
  ['floor', 19_999, 1],
  ['half_up', 14_999, 1],
  ['half_up', 15_000, 2],
  ['ceil', 10_001, 2],
  ['ceil', 10_000, 1],
] as const)('%s of %i rial at a point per 10,000 is %i', (rounding, total, points) => {
  expect(awardFor(programme(1, 10_000, rounding), 'IRR', total)).toEqual({ points, note: null });
});

test('says why there is nothing', () => {
  expect(awardFor(undefined, 'IRR', 1).note).toBe('no_programme');
  expect(awardFor(programme(1, 10, 'floor'), 'EUR', 100).note).toBe('no_rate');
  expect(awardFor(programme(1, 10, 'floor'), 'IRR', 9).note).toBe('nothing_earned');
  expect(Object.is(awardFor(programme(1, 10, 'ceil'), 'IRR', 0).points, 0)).toBe(true);
});

test('rounds as exact arithmetic does, also beyond exact floats', () => {
  const amount = fc.integer({ min: 0, max: 1_000_000_000_000_000 });
  fc.assert(
    fc.property(
      amount,
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1_000_000, max: 1_000_000_000_000 }),
      (total, points, perMinor) => {
        const product = BigInt(total) * BigInt(points);
        const per = BigInt(perMinor);
        const exact = {
          floor: product / per,
          ceil: (product + per - 1n) / per,
          half_up: (2n * product + per) / (2n * per),
        };
        for (const rounding of ['floor', 'ceil', 'half_up'] as const)
          expect(BigInt(awardFor(programme(points, perMinor, rounding), 'IRR', total).points)).toBe(exact[rounding]);
      },
    ),
  );
});

test('refuses more points than can be counted', () => {
  const tooMany = () => awardFor(programme(1_000_000, 1, 'floor'), 'IRR', 1_000_000_000_000_000);
  expect(tooMany).toThrow(AppError);
  expect(tooMany).toThrow('more points than can be counted');
});
