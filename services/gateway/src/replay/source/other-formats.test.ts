import { expect, test } from 'vitest';
import { readCdnow } from './cdnow.ts';
import type { ReadFormat } from './formats.ts';
import type { SourceEvent } from './source-event.ts';
import { countEvent, createTally, unaccounted } from './tally.ts';
import { readVafa } from './vafa.ts';

const read = async (format: ReadFormat, blocks: string[]) => {
  const tally = createTally();
  const events: SourceEvent[] = [];
  const source = async function* () {
    yield* blocks;
  };
  for await (const event of format(source(), tally)) {
    countEvent(tally, event);
    events.push(event);
  }
  const skipped = Object.fromEntries([...tally.skipped].map(([reason, { sampleLines }]) => [reason, sampleLines]));
  return { events, skipped, tally };
};

test('cdnow: a line is a purchase; those of one day are told apart', async () => {
  const { events, skipped, tally } = await read(readCdnow, [
    ' 00004 0001 19970101  2   29.33\r\n 00004 0001 19970101  1    0.00\r\n',
    ' 00021 0002 19970731  3   63.34\r\n 00021 0002 19970230  3   63.34\r\n',
    ' 00021 0002 19970701  0   63.34\r\nrubbish\r\n\r\n 23570 19970325  2   20.76',
  ]);
  expect(events.map(({ item }) => item.orderId)).toEqual([
    'cdnow:0001:19970101',
    'cdnow:0001:19970101:2',
    'cdnow:0002:19970731',
    'cdnow:23570:19970325',
  ]);
  expect(events[0]).toMatchObject({
    kind: 'purchases',
    customerId: 'cdnow:0001',
    item: { currency: 'USD', totalMinor: 2933, lines: [{ sku: 'cd', quantity: 2, amountMinor: 2933 }] },
  });
  expect(events[0]?.occurredAt?.toString()).toBe('1997-01-01T17:00:00Z');
  expect(events[2]?.occurredAt?.toString()).toBe('1997-07-31T16:00:00Z');
  expect(skipped).toEqual({ invalid_date: [4], invalid_quantity: [5], malformed_line: [6], empty_line: [7] });
  expect(unaccounted(tally)).toBe(0);
});

const LINES = [
  {
    type: 'customer.updated',
    data: { customerId: 'c1', phone: '0912', consents: [] },
    occurredAt: '2026-01-01T00:00:00+03:30',
  },
  {
    type: 'customer.consent_changed',
    data: { customerId: 'c1', channel: 'sms', purpose: 'service', granted: true, consentSource: 'desk' },
  },
  { type: 'purchase', data: { customerId: 'c1', orderId: 'o1' }, occurredAt: '2026-01-02T00:00:00Z' },
  { type: 'purchase.refunded', data: { customerId: 'c1', refundId: 'r1' }, eventId: 'mine' },
  { type: 'interaction.recorded', data: { customerId: 'c1', interactionType: 'signup' } },
  { type: 'customer.merged', data: { customerId: 'c1', intoCustomerId: 'c2' } },
  { type: 'customer.erased', data: { customerId: 'c1' } },
];

test('vafa: each type goes to its route, in the form the route wants', async () => {
  const { events } = await read(readVafa, [`${LINES.map((line) => JSON.stringify(line)).join('\n')}\n`]);
  expect(events.map(({ kind }) => kind)).toEqual([
    'customers',
    'consents',
    'purchases',
    'refunds',
    'interactions',
    'merges',
    'erasures',
  ]);
  const [customer, consent, purchase, refund, interaction, merge, erasure] = events;
  expect(customer?.item).toEqual({ phone: '0912', consents: [], eventId: expect.any(String) });
  expect(consent?.item).toMatchObject({
    consents: [{ channel: 'sms', purpose: 'service', granted: true, source: 'desk' }],
  });
  expect(purchase?.item).toEqual({ customerId: 'c1', orderId: 'o1' });
  expect(refund?.item).toMatchObject({ eventId: 'mine' });
  expect(interaction?.item).toMatchObject({ customerId: 'c1', interactionType: 'signup', eventId: expect.any(String) });
  expect(merge?.item).toMatchObject({ into: 'c2' });
  expect(erasure?.item).toEqual({ eventId: expect.any(String) });
  expect(customer?.occurredAt?.toString()).toBe('2025-12-31T20:30:00Z');
  expect(interaction?.occurredAt).toBeUndefined();
});

test('vafa: the ids follow from the file, and two equal lines stay two events', async () => {
  const line = `${JSON.stringify(LINES[4])}\n`;
  const ids = async () => (await read(readVafa, [line, line])).events.map(({ item }) => item.eventId);
  const [first, second] = await ids();
  expect(first).not.toBe(second);
  expect(await ids()).toEqual([first, second]);
});

test('vafa: what is no event is skipped with its reason', async () => {
  const { skipped, events } = await read(readVafa, [
    '\ufeff{"type":"purchase","data":{"customerId":"c1"}}\n{oops\n\n[]\n{"type":"points.earned","data":{"customerId":"c1"}}\n',
    '{"type":"purchase","data":{}}\n{"type":"purchase","data":{"customerId":"c1"},"occurredAt":"yesterday"}\n{"type":"purchase"}',
  ]);
  expect(events).toHaveLength(1);
  expect(skipped).toEqual({
    malformed_json: [2],
    empty_line: [3],
    not_an_event: [4, 8],
    unknown_type: [5],
    no_customer: [6],
    invalid_date: [7],
  });
});
