import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  bodyHash,
  chainedHash,
  checkOf,
  checksHex,
  idsHex,
  NO_HASH,
  type SealedFields,
  sealedText,
} from './seal-text.ts';

const EARN: SealedFields = {
  id: '019aa51c-6a80-8b12-9f00-0123456789ab',
  seq: 3,
  kind: 'earn',
  debit: 'issued/p7',
  credit: 'customer',
  amount: 120,
  balanceAfter: 420,
  orderId: 'order-7',
  ruleId: 'base',
  ruleVersion: 2,
};
const AT_MS = Date.parse('2026-11-21T08:00:00Z');

test('golden: what is sealed today must be found the same in ten years', () => {
  const text = sealedText(EARN, AT_MS);
  expect(text.split('\u0000')).toEqual([
    '019aa51c-6a80-8b12-9f00-0123456789ab',
    '3',
    'earn',
    'issued/p7',
    'customer',
    '120',
    '420',
    '1795248000000',
    '=order-7',
    '',
    '',
    '',
    '',
    '',
    '=base',
    '=2',
    '',
    '',
  ]);
  const body = bodyHash([text, text], AT_MS);
  const sha = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  expect(body).toBe(sha(`1795248000000\n2\n${text}\n${text}`));
  expect(chainedHash(NO_HASH, { door: 'p7', lane: 0, seq: 1 }, body)).toBe(
    sha(Buffer.concat([Buffer.alloc(32), Buffer.from('p7/0/1'), Buffer.from(body, 'hex')])),
  );
});

const FIELDS: [keyof SealedFields, unknown][] = [
  ['id', '019aa51c-6a80-8b12-9f00-0123456789ac'],
  ['seq', 4],
  ['kind', 'adjust'],
  ['debit', 'issued/p8'],
  ['credit', 'pending'],
  ['amount', 121],
  ['balanceAfter', 421],
  ['orderId', 'order-8'],
  ['refundId', 'r'],
  ['reservationId', 'x'],
  ['lotId', 'x'],
  ['reversesId', 'x'],
  ['pairId', 'x'],
  ['ruleId', 'other'],
  ['ruleVersion', 3],
  ['actor', 'x'],
  ['explanation', '[]'],
];

test.each(FIELDS)('%s is sealed', (name, value) => {
  const changed = sealedText({ ...EARN, [name]: value } as SealedFields, AT_MS);
  expect(changed).not.toBe(sealedText(EARN, AT_MS));
  expect(checkOf(changed)).not.toBe(checkOf(sealedText(EARN, AT_MS)));
});

test('the time is sealed, the place in the chain too; an empty text is not nothing', () => {
  expect(sealedText(EARN, AT_MS + 1)).not.toBe(sealedText(EARN, AT_MS));
  expect(sealedText({ ...EARN, refundId: '' }, AT_MS)).not.toBe(sealedText(EARN, AT_MS));
  expect(sealedText({ ...EARN, refundId: undefined }, AT_MS)).toBe(sealedText({ ...EARN, refundId: null }, AT_MS));
  const body = bodyHash(['x'], AT_MS);
  const places = [
    { door: 'p7', lane: 0, seq: 1 },
    { door: 'p7', lane: 0, seq: 2 },
    { door: 'p7', lane: 1, seq: 1 },
    { door: 'p8', lane: 0, seq: 1 },
  ];
  expect(new Set(places.map((place) => chainedHash(NO_HASH, place, body))).size).toBe(places.length);
});

test('ids and checks are kept as bytes, one after the other', () => {
  expect(idsHex(['019aa51c-6a80-8b12-9f00-0123456789ab', 'ffffffff-0000-8000-8000-000000000001'])).toBe(
    '019aa51c6a808b129f000123456789abffffffff000080008000000000000001',
  );
  // The check value of CRC-32/ISO-HDLC.
  expect(checksHex(['123456789', ''])).toBe('cbf4392600000000');
});
