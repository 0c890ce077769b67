import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toLatinDigits, toPersianDigits } from './digits.ts';

test('Persian and Arabic digits become 0-9, everything else stays', () => {
  expect(toLatinDigits('۰۱۲۳۴۵۶۷۸۹')).toBe('0123456789');
  expect(toLatinDigits('٠١٢٣٤٥٦٧٨٩')).toBe('0123456789');
  expect(toLatinDigits('تلفن: ۰۹۱۲-٣٤٥ x7')).toBe('تلفن: 0912-345 x7');
});

test('0-9 become Persian digits', () => {
  expect(toPersianDigits('1,250 امتیاز')).toBe('۱,۲۵۰ امتیاز');
});

test('there and back again is where it began', () => {
  fc.assert(fc.property(fc.stringMatching(/^[0-9a-z ,.-]*$/), (text) => toLatinDigits(toPersianDigits(text)) === text));
});
