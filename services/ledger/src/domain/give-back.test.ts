import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pointsGivenBack } from './give-back.ts';

const part = (totalMinor: number, before: number, amountMinor: number, whole = false) => ({
  order: { totalMinor },
  amountMinor,
  refundedMinor: before + amountMinor,
  whole,
});

test('none gives nothing, all gives everything once the order is refunded to the last', () => {
  expect(pointsGivenBack('none', 50, 0, part(1_000, 0, 1_000, true))).toBe(0);
  expect(pointsGivenBack('all', 50, 0, part(1_000, 0, 999))).toBe(0);
  expect(pointsGivenBack('all', 50, 0, part(1_000, 999, 1))).toBe(50);
  expect(pointsGivenBack('all', 50, 20, part(1_000, 0, 1_000, true))).toBe(30);
});

test('an order paid with points alone is given back as a whole only', () => {
  for (const rule of ['all', 'proportional'] as const) {
    expect(pointsGivenBack(rule, 50, 0, part(0, 0, 0))).toBe(0);
    expect(pointsGivenBack(rule, 50, 0, part(0, 0, 0, true))).toBe(50);
  }
});

test('proportional parts add up to the whole, whatever the parts are', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 8 }),
      (totalMinor, paid, amounts) => {
        let before = 0;
        let given = 0;
        for (const amount of [...amounts, totalMinor]) {
          const amountMinor = Math.min(amount, totalMinor - before);
          const points = pointsGivenBack('proportional', paid, given, part(totalMinor, before, amountMinor));
          expect(points).toBeGreaterThanOrEqual(0);
          given += points;
          before += amountMinor;
          expect(given).toBe(Math.floor((paid * before) / totalMinor));
        }
        expect(given).toBe(paid);
      },
    ),
  );
});
