import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moneyFor, pointsFor, quotePayment, valueIn } from './points-payment.ts';

const value = fc.record({
  currency: fc.constant('IRR'),
  minor: fc.integer({ min: 1, max: 1_000_000 }),
  perPoints: fc.integer({ min: 1, max: 1_000_000 }),
});
const amount = fc.integer({ min: 1, max: 1_000_000_000 });

test('points are worth what they pay or more, and a point less would not do', () => {
  fc.assert(
    fc.property(amount, value, (minor, each) => {
      const points = pointsFor(minor, each);
      expect(BigInt(points) * BigInt(each.minor)).toBeGreaterThanOrEqual(BigInt(minor) * BigInt(each.perPoints));
      expect(BigInt(points - 1) * BigInt(each.minor)).toBeLessThan(BigInt(minor) * BigInt(each.perPoints));
    }),
  );
});

test('there and back again makes no money: money → points → money never gains against what was paid, points → money → points never costs more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), value, (points, each) => {
      const minor = moneyFor(points, each);
      expect(pointsFor(minor, each)).toBeLessThanOrEqual(points);
      expect(BigInt(minor) * BigInt(each.perPoints)).toBeLessThanOrEqual(BigInt(points) * BigInt(each.minor));
    }),
  );
});

test('a payment in parts costs at least as many points as in one', () => {
  fc.assert(
    fc.property(amount, amount, value, (one, two, each) => {
      expect(pointsFor(one, each) + pointsFor(two, each)).toBeGreaterThanOrEqual(pointsFor(one + two, each));
    }),
  );
});

test('the most that can be paid is covered by the balance, and no more could be', () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 1_000_000 }), value, (minor, active, each) => {
      const quote = quotePayment(minor, active, each);
      expect(quote.payablePoints).toBeLessThanOrEqual(active);
      expect(quote.payableMinor).toBeLessThanOrEqual(minor);
      if (quote.payableMinor < minor) expect(pointsFor(quote.payableMinor + 1, each)).toBeGreaterThan(active);
      else expect(quote.payablePoints).toBe(quote.points);
    }),
  );
});

test('0 of everything is 0, and a currency without a value is refused', () => {
  const each = { currency: 'IRR', minor: 1_000, perPoints: 3 };
  expect(Object.is(pointsFor(0, each), 0)).toBe(true);
  expect(quotePayment(5_000, 0, each)).toEqual({ points: 15, payableMinor: 0, payablePoints: 0 });
  expect(valueIn([each], 'IRR')).toBe(each);
  for (const values of [undefined, [], [each]])
    expect(() => valueIn(values, 'EUR')).toThrow(expect.objectContaining({ code: 'ledger.no_point_value' }));
});
