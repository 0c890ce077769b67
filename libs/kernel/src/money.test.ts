import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minorDigits, mulDivFloor, parseMinor } from './money.ts';

describe('minorDigits', () => {
  test.each([
    ['EUR', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['IRR', 0], // ISO 4217 says 2, but nobody counts hundredths of a rial
  ])('%s has %i', (currency, digits) => expect(minorDigits(currency)).toBe(digits));
});

describe('parseMinor', () => {
  test.each([
    ['2.55', 'EUR', 255],
    ['2.5', 'EUR', 250],
    ['2', 'EUR', 200],
    ['1.005', 'EUR', 101], // as a float this is 1.00499999999999989…, and would round down
    ['1.004', 'EUR', 100],
    ['-1.005', 'EUR', -101],
    ['+0.5', 'IRR', 1],
    ['0.4', 'IRR', 0],
    ['-0.4', 'IRR', 0],
    [' 12.345 ', 'KWD', 12_345],
    ['0.0000000000000000000000000001', 'EUR', 0],
    ['90071992547409.91', 'EUR', Number.MAX_SAFE_INTEGER],
  ])('%s %s is %i', (text, currency, minor) => expect(parseMinor(text, currency)).toBe(minor));

  test('a small negative amount rounds to zero, not to minus zero', () => {
    expect(Object.is(parseMinor('-0.001', 'EUR'), 0)).toBe(true);
  });

  test.each([
    '',
    ' ',
    '.',
    '.5',
    '5.',
    '1,000',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '--1',
    '1 2',
    '۱۲',
    '90071992547409.92',
  ])('%j is refused', (text) => expect(() => parseMinor(text, 'EUR')).toThrow(RangeError));

  test('reads back every amount exactly as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom('EUR', 'JPY', 'KWD', 'IRR'), (minor, currency) => {
        const digits = minorDigits(currency);
        const plain = String(Math.abs(minor)).padStart(digits + 1, '0');
        const text = digits === 0 ? plain : `${plain.slice(0, -digits)}.${plain.slice(-digits)}`;
        expect(parseMinor(minor < 0 ? `-${text}` : text, currency)).toBe(minor === 0 ? 0 : minor);
      }),
    );
  });

  test('further digits never move an amount by more than one half', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.stringMatching(/^\d{1,30}$/), (units, more) => {
        const read = parseMinor(`${units}.00${more}`, 'EUR');
        expect(read).toBe(units * 100 + (Number(more[0]) >= 5 ? 1 : 0));
      }),
    );
  });
});

describe('mulDivFloor', () => {
  test('agrees with exact integers, whatever the size and the sign', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (amount, numerator, denominator) => {
          const product = BigInt(amount) * BigInt(numerator);
          const divisor = BigInt(denominator);
          const exact = product / divisor - (product % divisor < 0n ? 1n : 0n);
          fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER) && exact >= BigInt(Number.MIN_SAFE_INTEGER));
          // `+ 0` because an exact zero has no sign.
          expect(mulDivFloor(amount, numerator, denominator) + 0).toBe(Number(exact));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('keeps what a float would lose', () => {
    expect(mulDivFloor(9_007_199_254_740_991, 3, 3)).toBe(9_007_199_254_740_991);
    expect(mulDivFloor(-7, 1, 2)).toBe(-4);
    expect(mulDivFloor(7, 1, 2)).toBe(3);
  });

  test('the floor is right next to whole quotients of large products', () => {
    // product / denominator as floats rounds up to the next whole number here
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 94_906_265 }), fc.integer({ min: 2, max: 94_906_265 }), (a, d) => {
        const below = a * d - 1;
        expect(mulDivFloor(below, 1, d)).toBe(a - 1);
      }),
      { numRuns: 2_000 },
    );
  });
});
