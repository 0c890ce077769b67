import { expect, test } from 'vitest';
import { ReplayError } from '../replay-error.ts';
import { DIRTY_INVOICES } from './dirty-invoices.fixture.ts';
import { readOnlineRetail } from './online-retail.ts';
import { decodeLines } from './open-text.ts';
import type { SourceEvent } from './source-event.ts';
import { countEvent, createTally, unaccounted } from './tally.ts';

async function* bytesOf(text: string | Buffer, size = 64) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (text: string | Buffer) => {
  const tally = createTally();
  const events: SourceEvent[] = [];
  for await (const event of readOnlineRetail(decodeLines(bytesOf(text)), tally)) {
    countEvent(tally, event);
    events.push(event);
  }
  return { tally, events };
};

test('lines become purchases and refunds, by invoice, in the order in which the invoices began', async () => {
  const { events } = await read(DIRTY_INVOICES);
  expect(events.map(({ kind, item }) => `${kind} ${item.orderId ?? item.refundId}`)).toEqual([
    'purchases online-retail:536365',
    'purchases online-retail:536366',
    'refunds online-retail:C536365',
    'purchases online-retail:536370',
    'refunds online-retail:C536379',
    'purchases online-retail:537197',
    'purchases online-retail:550193',
    'purchases online-retail:600009',
  ]);
});

test('an invoice holds all its lines, also those that stand apart, with exact amounts', async () => {
  const { events } = await read(DIRTY_INVOICES);
  expect(events[0]).toEqual({
    kind: 'purchases',
    customerId: '17850',
    occurredAt: Temporal.Instant.from('2010-12-01T08:26:00Z'),
    lines: 3,
    firstLine: 2,
    item: {
      customerId: '17850',
      orderId: 'online-retail:536365',
      currency: 'GBP',
      totalMinor: 1530 + 2034 + 2550,
      lines: [
        { sku: '85123A', quantity: 6, amountMinor: 1530, name: 'WHITE HANGING HEART T-LIGHT HOLDER' },
        { sku: '71053', quantity: 6, amountMinor: 2034, name: 'AIRLINE LOUNGE,METAL SIGN' },
        { sku: '21730', quantity: 6, amountMinor: 2550, name: 'GLASS STAR FROSTED T-LIGHT HOLDER' },
      ],
      attributes: { country: 'United Kingdom' },
    },
  });
});

test('a cancellation is a refund by line, without a reference', async () => {
  const { events } = await read(DIRTY_INVOICES);
  expect(events[2]?.item).toEqual({
    customerId: '17850',
    refundId: 'online-retail:C536365',
    scope: 'lines',
    currency: 'GBP',
    lines: [{ sku: '85123A', quantity: 2, amountMinor: 510 }],
    attributes: { country: 'United Kingdom' },
  });
});

test('charges are marked, free lines stay, small prices are multiplied before they are rounded', async () => {
  const { events } = await read(DIRTY_INVOICES);
  const line = (id: string) =>
    (events.find(({ item }) => item.orderId === id)?.item.lines as object[] | undefined)?.[0];
  expect(line('online-retail:536370')).toMatchObject({ sku: 'POST', category: 'charges', amountMinor: 5400 });
  expect(line('online-retail:537197')).toMatchObject({ amountMinor: 0 });
  expect(line('online-retail:550193')).toMatchObject({ quantity: 1500, amountMinor: 150 });
});

test('times are those of the United Kingdom, summer and winter', async () => {
  const { events } = await read(DIRTY_INVOICES);
  expect(events.at(-1)?.occurredAt?.toString()).toBe('2011-07-15T08:27:00Z');
});

test('every other line is skipped for a reason, by number', async () => {
  const { tally } = await read(DIRTY_INVOICES);
  const skipped = Object.fromEntries([...tally.skipped].map(([reason, { sampleLines }]) => [reason, sampleLines]));
  expect(skipped).toEqual({
    'no_customer/free_line': [7],
    'no_customer/sale': [8],
    'no_customer/stock_correction': [9],
    'no_customer/cancellation': [10],
    'no_customer/adjustment': [11, 12, 30],
    negative_quantity: [17],
    cancellation_of_positive_quantity: [18],
    negative_price: [19],
    invalid_quantity: [20, 27],
    invalid_price: [21],
    invalid_date: [22],
    wrong_number_of_columns: [23],
    invalid_stock_code: [24],
    other_customer_in_invoice: [26],
    adjustment: [28],
    amount_too_large: [29],
  });
  expect(tally.read).toBe(29);
  expect(unaccounted(tally)).toBe(0);
});

test('a file in Windows-1252 with the dates of another copy is read as well', async () => {
  const text =
    'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n1,g,Voucher £40,1,7/1/2011 8:26,34.04,17850,EIRE\r\n';
  const { events } = await read(Buffer.from(text, 'latin1'));
  expect(events[0]).toMatchObject({
    customerId: '17850',
    item: { lines: [{ name: 'Voucher £40', amountMinor: 3404 }] },
  });
  expect(events[0]?.occurredAt?.toString()).toBe('2011-07-01T07:26:00Z');
});

test('an invoice that goes on far away keeps its lines, under an id of their own', async () => {
  const header = DIRTY_INVOICES.split('\n')[0];
  const line = (invoice: number) => `${invoice},a,A,1,2011-01-01 10:00:00,1.00,5.0,EIRE`;
  const between = Array.from({ length: 1_200 }, (_, n) => line(1_000 + n));
  const { events, tally } = await read([header, line(1), line(2), ...between, line(1), ''].join('\n'));
  const ids = events.map(({ item }) => item.orderId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => /:1(\/\d)?$/.test(String(id)))).toEqual(['online-retail:1', 'online-retail:1/2']);
  expect(unaccounted(tally)).toBe(0);
});

test('an invoice with more lines than an event may have is split', async () => {
  const header = DIRTY_INVOICES.split('\n')[0];
  const lines = Array.from({ length: 2_001 }, () => '1,a,A,1,2011-01-01 10:00:00,1.00,5.0,EIRE');
  const { events } = await read([header, ...lines].join('\n'));
  expect(events.map(({ item, lines: n }) => [item.orderId, n])).toEqual([
    ['online-retail:1', 2_000],
    ['online-retail:1/2', 1],
  ]);
});

test.each([
  ['another header', 'a,b,c\n1,2,3\n', 'must name the columns'],
  [
    'a quote that is never closed',
    `${DIRTY_INVOICES.split('\n')[0]}\n1,"${'x,\n'.repeat(60_000)}`,
    "can't be read as CSV",
  ],
])('%s ends it with a clear line', async (_name, text, says) => {
  const failed = await read(text).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ReplayError);
  expect((failed as Error).message).toContain(says);
});
