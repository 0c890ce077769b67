import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';
import { type DecodeProblem, dataschemaOf, decodeEvent, encodeEvent, event, problemsOf } from './envelope.ts';
import { MessageSuppressed } from './events/messages.ts';
import { PurchaseCompleted } from './events/purchases.ts';
import { Topics } from './topics.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const data = {
  customerId: 'c1',
  orderId: 'o1',
  currency: 'IRR',
  totalMinor: 1_250_000,
  lines: [{ sku: 'چای', quantity: 2, amountMinor: 1_250_000 }],
};
const purchase = event(
  PurchaseCompleted,
  { id: 'e1', source: '/shop/1', time: '2026-11-21T08:00:00Z', traceparent: TRACEPARENT },
  data,
);
const record = encodeEvent(purchase);

/** The good record with something wrong. */
const bad = (change: Partial<Parameters<typeof decodeEvent>[0]>, headers: Record<string, string | undefined> = {}) =>
  decodeEvent({ ...record, headers: { ...record.headers, ...headers }, ...change });

const codeOf = (decoded: ReturnType<typeof decodeEvent>): DecodeProblem['code'] | 'none' =>
  decoded.ok ? 'none' : decoded.problem.code;

test('an event is a CloudEvent in binary mode, and is read back as it was', () => {
  expect(record).toEqual({
    topic: 'vafa.purchases',
    key: 'c1',
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: 'e1',
      ce_source: '/shop/1',
      ce_type: 'purchase.completed',
      ce_subject: 'c1',
      ce_time: '2026-11-21T08:00:00Z',
      ce_dataschema: 'urn:vafa:schema:purchase.completed:1',
      traceparent: TRACEPARENT,
    },
    value: JSON.stringify(data),
  });
  expect(decodeEvent(record)).toEqual({ ok: true, event: purchase });
  expect(decodeEvent({ ...record, value: Buffer.from(record.value) })).toEqual({ ok: true, event: purchase });
});

test('an event that is not in the catalogue is our own mistake', () => {
  expect(() => encodeEvent({ ...purchase, type: 'purchase.dreamt' })).toThrow(TypeError);
});

describe('every problem of a record has its code', () => {
  test.each(['ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_dataschema'])('%s missing or empty', (name) => {
    expect(codeOf(bad({}, { [name]: undefined }))).toBe('contracts.missing_header');
    expect(codeOf(bad({}, { [name]: '' }))).toBe('contracts.missing_header');
  });

  test.each(['ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_dataschema'])('%s too long or unprintable', (name) => {
    expect(codeOf(bad({}, { [name]: 'x'.repeat(257) }))).toBe('contracts.invalid_header');
    expect(codeOf(bad({}, { [name]: 'x\u0000y' }))).toBe('contracts.invalid_header');
    expect(codeOf(bad({}, { [name]: 'x\ny' }))).toBe('contracts.invalid_header');
  });

  test.each<[string, ReturnType<typeof bad>, DecodeProblem['code']]>([
    ['a type nobody knows', bad({}, { ce_type: 'purchase.dreamt' }), 'contracts.unknown_type'],
    ['a type of another topic', bad({ topic: Topics.points.name }), 'contracts.wrong_topic'],
    [
      'a version of the future',
      bad({}, { ce_dataschema: 'urn:vafa:schema:purchase.completed:2' }),
      'contracts.unknown_version',
    ],
    [
      'a schema of somebody else',
      bad({}, { ce_dataschema: 'https://example.com/s.json' }),
      'contracts.unknown_version',
    ],
    ['no value', bad({ value: null }), 'contracts.malformed_json'],
    ['an empty value', bad({ value: '' }), 'contracts.malformed_json'],
    ['half a value', bad({ value: record.value.slice(0, -1) }), 'contracts.malformed_json'],
    ['bytes that are no text', bad({ value: Buffer.from([0xff, 0xfe, 0x00]) }), 'contracts.malformed_json'],
    ['a list', bad({ value: '[]' }), 'contracts.invalid_data'],
    ['null', bad({ value: 'null' }), 'contracts.invalid_data'],
    ['a negative amount', bad({ value: JSON.stringify({ ...data, totalMinor: -1 }) }), 'contracts.invalid_data'],
    [
      'a fraction of a minor unit',
      bad({ value: JSON.stringify({ ...data, totalMinor: 0.5 }) }),
      'contracts.invalid_data',
    ],
    [
      'a currency that does not exist',
      bad({ value: JSON.stringify({ ...data, currency: 'XXZ' }) }),
      'contracts.invalid_data',
    ],
    [
      'a customer of blanks',
      bad({ key: ' ', value: JSON.stringify({ ...data, customerId: ' ' }) }),
      'contracts.invalid_data',
    ],
    ['another key', bad({ key: 'c2' }), 'contracts.key_mismatch'],
    ['no key', bad({ key: null }), 'contracts.key_mismatch'],
  ])('%s', (_what, decoded, code) => expect(codeOf(decoded)).toBe(code));

  test.each([
    'yesterday',
    '2026-11-21',
    '2026-11-21T08:00:00', // no offset: nobody knows when that was
    '2026-13-01T08:00:00Z',
    '2026-02-29T08:00:00Z', // no leap year
    '2026-02-30T08:00:00Z',
    '2026-04-31T08:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T08:60:00Z',
    '2026-11-21 08:00:00Z bis',
    '+300000-01-01T00:00:00Z',
  ])('%s is no time', (text) => expect(codeOf(bad({}, { ce_time: text }))).toBe('contracts.invalid_time'));
});

test('the problems of the data name the field and what is allowed, but never the value', () => {
  const decoded = bad({
    value: JSON.stringify({ ...data, currency: 'secret', lines: [{ sku: 'a', quantity: 0, amountMinor: 1 }] }),
  });
  expect(decoded).toMatchObject({
    ok: false,
    problem: {
      problems: expect.arrayContaining([
        { path: '/currency', message: 'must be one of: a known code' },
        { path: '/lines/0/quantity', message: expect.stringMatching(/>= 1/) },
      ]),
    },
  });
  expect(JSON.stringify(decoded)).not.toContain('secret');
});

test('a short list of allowed values is spelt out, and no more than eight problems are listed', () => {
  const [problem] = problemsOf(MessageSuppressed, { reason: 'x' }).filter(({ path }) => path === '/reason');
  expect(problem?.message).toMatch(/^must be one of: no_contact, no_consent,/);
  const lines = Array.from({ length: 50 }, () => ({}));
  expect(problemsOf(PurchaseCompleted, { ...data, lines })).toHaveLength(8);
});

describe('times', () => {
  test.each([
    ['2026-11-21T08:00:00Z', '2026-11-21T08:00:00Z'],
    ['2026-11-21T08:00:00.123456789Z', '2026-11-21T08:00:00.123456789Z'],
    ['2026-11-21T11:30:00+03:30', '2026-11-21T08:00:00Z'],
    ['2026-11-21T08:00:00-00:00', '2026-11-21T08:00:00Z'],
    ['2024-02-29T08:00:00Z', '2024-02-29T08:00:00Z'],
    ['2026-12-31T23:59:59Z', '2026-12-31T23:59:59Z'],
    ['2026-12-30T23:59:59Z', '2026-12-30T23:59:59Z'],
  ])('%s is read as %s', (text, time) =>
    expect(bad({}, { ce_time: text })).toMatchObject({ ok: true, event: { time } }),
  );

  test('agrees with Temporal on every text that looks like a time', () => {
    const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
    const form = fc
      .tuple(
        fc.integer({ min: 1900, max: 2100 }),
        two,
        two,
        two,
        two,
        two,
        fc.constantFrom('Z', '+03:30', '-11:00', ''),
      )
      .map(
        ([year, month, day, hour, minute, second, offset]) =>
          `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`,
      );
    const likely = fc
      .tuple(fc.integer({ min: 1900, max: 2100 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 27, max: 32 }))
      .map(([year, month, day]) => `${year}-${String(month).padStart(2, '0')}-${day}T08:00:00Z`);
    const expected = (text: string): string => {
      try {
        return Temporal.Instant.from(text).toString();
      } catch {
        return 'contracts.invalid_time';
      }
    };
    fc.assert(
      fc.property(fc.oneof(form, likely), (text) => {
        const decoded = bad({}, { ce_time: text });
        expect(decoded.ok ? decoded.event.time : decoded.problem.code).toBe(expected(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a trace that is no trace is left out, and the event is taken', () => {
  const decoded = bad({}, { traceparent: 'nonsense' });
  expect(decoded.ok && 'traceparent' in decoded.event).toBe(false);
  expect(decoded.ok).toBe(true);
});

test('fields of a newer minor version are let through', () => {
  const decoded = bad({ value: JSON.stringify({ ...data, giftWrap: true }) });
  expect(decoded).toMatchObject({ ok: true, event: { data: { giftWrap: true } } });
});

test('never throws, whatever lies on the topic', () => {
  const type = fc.constantFrom(...catalogue);
  fc.assert(
    fc.property(
      type,
      fc.json(),
      fc.option(fc.string()),
      fc.string(),
      fc.uint8Array(),
      (definition, json, key, header, bytes) => {
        const headers = {
          ...record.headers,
          ce_type: definition.type,
          ce_dataschema: dataschemaOf(definition),
          ce_id: header,
        };
        for (const value of [json, Buffer.from(bytes), null])
          expect(typeof decodeEvent({ topic: definition.topic.name, key, headers, value }).ok).toBe('boolean');
      },
    ),
    { numRuns: 500 },
  );
});
