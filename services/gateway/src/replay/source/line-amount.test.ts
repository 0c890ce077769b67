import { parseMinor } from '@vafa/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Decimal, lineAmountMinor, readDecimal } from './line-amount.ts';

const amount = (price: string, quantity: number, currency = 'GBP') =>
  lineAmountMinor(readDecimal(price) as Decimal, quantity, currency);

test.each([
  ['2.55', 6, 1530],
  ['0.001', 1, 0],
  ['0.001', 1500, 150],
  ['0.005', 1, 1],
  ['0.0049', 1, 0],
  ['18', 3, 5400],
  ['0.0', 7, 0],
  ['-0.005', 1, -1],
])('%s times %i is %i', (price, quantity, expected) => {
  expect(amount(price, quantity)).toBe(expected);
});

test('currencies without minor units are rounded to the whole', () => {
  expect(amount('2.5', 1, 'IRR')).toBe(3);
  expect(amount('2.5', 2, 'JPY')).toBe(5);
});

test('an amount beyond the contracts is none', () => {
  expect(amount('999999999999', 1_000_000)).toBeUndefined();
});

test.each(['', 'x', '1e3', '1,5', '.5', '1.', 'NaN', '--1'])('%j is no decimal', (text) => {
  expect(readDecimal(text)).toBeUndefined();
});

test('one of anything costs what parseMinor reads', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 0, max: 9_999 }), (whole, fraction) => {
      const text = `${whole}.${String(fraction).padStart(4, '0')}`;
      return amount(text, 1) === parseMinor(text, 'GBP');
    }),
  );
});
