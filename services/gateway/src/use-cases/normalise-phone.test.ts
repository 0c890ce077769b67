import { toPersianDigits } from '@vafa/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalisePhone } from './normalise-phone.ts';

test.each([
  ['09121234567', '+989121234567'],
  ['9121234567', '+989121234567'],
  ['989121234567', '+989121234567'],
  ['00989121234567', '+989121234567'],
  ['+989121234567', '+989121234567'],
  ['+9809121234567', '+989121234567'],
  ['۰۹۱۲۱۲۳۴۵۶۷', '+989121234567'],
  ['٠٩١٢١٢٣٤٥٦٧', '+989121234567'],
  ['۰۰۹۸۹۱۲۱۲۳۴۵۶۷', '+989121234567'],
  ['۰۹۱۲ 123 ٤٥٦٧', '+989121234567'],
  ['+98 (912) 123-4567', '+989121234567'],
  ['98 0912 123 4567', '+989121234567'],
  ['\u200e+98912 123 4567\u202c', '+989121234567'],
  ['＋98 912 123 4567', '+989121234567'],
  ['02188776655', '+982188776655'],
  ['982188776655', '+982188776655'],
  ['+44 7911 123456', '+447911123456'],
  ['0044 7911 123456', '+447911123456'],
  ['447911123456', '+447911123456'],
  ['+12025550123', '+12025550123'],
])('%s is %s', (given, expected) => {
  expect(normalisePhone(given, 'IR')).toBe(expected);
});

test.each([
  '',
  '12',
  'abc',
  '+9891',
  '0912 123 456',
  '091212345678',
  '0912123456a',
  'tel:+989121234567',
  '+1 555 0100',
  '3000123',
  '+',
  '++98912',
  ' '.repeat(50),
])('%j is no phone number', (given) => {
  expect(normalisePhone(given, 'IR')).toBeUndefined();
});

test('the region decides what a national number is', () => {
  expect(normalisePhone('07911 123456', 'GB')).toBe('+447911123456');
  expect(normalisePhone('07911 123456', 'IR')).toBeUndefined();
});

test('every Iranian mobile number comes out the same, however it is written', () => {
  const number = fc.tuple(
    fc.constantFrom('910', '912', '919', '935', '990'),
    fc.integer({ min: 1_000_000, max: 9_999_999 }),
  );
  const ways = [
    (n: string) => `0${n}`,
    (n: string) => n,
    (n: string) => `98${n}`,
    (n: string) => `0098${n}`,
    (n: string) => `+98${n}`,
  ];
  fc.assert(
    fc.property(number, fc.constantFrom(...ways), fc.boolean(), ([prefix, rest], write, persian) => {
      const written = write(`${prefix}${rest}`);
      return normalisePhone(persian ? toPersianDigits(written) : written, 'IR') === `+98${prefix}${rest}`;
    }),
  );
});
