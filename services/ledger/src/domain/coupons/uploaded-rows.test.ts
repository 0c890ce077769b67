import { expect, test } from 'vitest';
import { checkRows } from './uploaded-rows.ts';

test('rows are kept or refused, each with its reason', () => {
  const { kept, refused } = checkRows([
    { row: 2, code: 'save-10', customerId: '', expiresAt: '' },
    { row: 3, code: 'SAVE 10' },
    { row: 4, code: 'no' },
    { row: 5, code: 12345 },
    { row: 6, unreadable: true },
    { row: 7, code: 'GOOD1', customerId: ' x' },
    { row: 8, code: 'GOOD2', expiresAt: 'tomorrow' },
    { row: 9, code: 'GOOD3', expiresAt: '2026-02-30T99:00:00Z' },
    { row: 10, code: '۱۲۳۴۵', customerId: 'ann', expiresAt: '2027-01-01T00:00:00+03:30' },
    { row: 11, code: '=CMD|A' },
    { row: 12, code: 'GOOD4', unknownField: true },
    { row: 13, code: 'GOOD5', expiresAt: '2027-02-29T12:00:00Z' },
    { row: 14, code: 'GOOD6', expiresAt: '2028-02-29T12:00:00Z' },
    { row: 15, code: 'GOOD7', customerId: 'half \ud800' },
  ]);
  expect(kept).toEqual([
    { row: 2, code: 'SAVE10', shown: 'save-10', customerId: null, expiresAtMs: null },
    { row: 10, code: '12345', shown: null, customerId: 'ann', expiresAtMs: Date.parse('2026-12-31T20:30:00Z') },
    { row: 14, code: 'GOOD6', shown: null, customerId: null, expiresAtMs: Date.parse('2028-02-29T12:00:00Z') },
  ]);
  expect(refused).toEqual([
    { row: 3, reason: 'duplicate' },
    { row: 4, reason: 'invalid_code' },
    { row: 5, reason: 'invalid_code' },
    { row: 6, reason: 'unreadable' },
    { row: 7, reason: 'invalid_customer' },
    { row: 8, reason: 'invalid_instant' },
    { row: 9, reason: 'invalid_instant' },
    { row: 11, reason: 'invalid_code' },
    { row: 12, reason: 'unknown_field' },
    { row: 13, reason: 'invalid_instant' },
    { row: 15, reason: 'invalid_customer' },
  ]);
});

test('codes may be shown with 64 characters, and instants have nine digits of a second', () => {
  const long = `LONG${'-'.repeat(60)}`;
  const expiresAt = '2027-01-01T00:00:00.123456789Z';
  const { kept, refused } = checkRows([
    { row: 1, code: long, expiresAt },
    { row: 2, code: `${long}-1` },
    { row: 3, code: 'TENTH', expiresAt: '2027-01-01T00:00:00.1234567891Z' },
  ]);
  expect(kept).toMatchObject([{ row: 1, code: 'LONG', shown: long, expiresAtMs: Date.UTC(2027, 0, 1, 0, 0, 0, 123) }]);
  expect(refused).toEqual([
    { row: 2, reason: 'invalid_code' },
    { row: 3, reason: 'invalid_instant' },
  ]);
});
