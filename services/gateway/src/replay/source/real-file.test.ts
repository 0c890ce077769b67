import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FORMATS, type FormatName } from './formats.ts';
import { openText } from './open-text.ts';
import { countEvent, createTally, type Tally, unaccounted } from './tally.ts';
import { textLines } from './text-lines.ts';

const data = fileURLToPath(new URL('../../../../../../shared/data/', import.meta.url));
const skipReason = (file: string) =>
  existsSync(`${data}${file}`) ? '' : ` (skipped: ${file} is not in ../shared/data)`;

const readAll = async (format: FormatName, file: string) => {
  const tally = createTally();
  const customers = new Set<string>();
  const ids = new Set<unknown>();
  const text = await openText(`${data}${file}`);
  for await (const event of FORMATS[format](text.blocks(), tally)) {
    countEvent(tally, event);
    customers.add(event.customerId);
    ids.add(event.item.orderId ?? event.item.refundId);
  }
  expect(text.readBytes()).toBe(text.totalBytes);
  return { tally, customers: customers.size, ids: ids.size };
};

const skippedLines = (tally: Tally, sort: string) =>
  [...tally.skipped].filter(([reason]) => reason.startsWith(sort)).reduce((sum, [, { lines }]) => sum + lines, 0);

const retail = skipReason('online_retail.csv.gz');
test.skipIf(retail !== '')(`the whole Online Retail file is accounted for${retail}`, { timeout: 120_000 }, async () => {
  const { tally, customers, ids } = await readAll('online-retail', 'online_retail.csv.gz');
  expect(tally.read).toBe(541_909);
  expect(customers).toBe(4_372);
  expect(tally.events).toEqual({
    purchases: { events: 18_536, lines: 397_924 },
    refunds: { events: 3_654, lines: 8_905 },
  });
  expect(skippedLines(tally, 'no_customer')).toBe(135_080);
  // 9,288 cancellation lines, of which 383 name no customer.
  expect(8_905 + skippedLines(tally, 'no_customer/cancellation')).toBe(9_288);
  expect([...tally.skipped.keys()].every((reason) => reason.startsWith('no_customer/'))).toBe(true);
  expect(ids).toBe(18_536 + 3_654);
  expect(unaccounted(tally)).toBe(0);
});

test.skipIf(retail !== '')(`it has 25,900 invoices${retail}`, { timeout: 60_000 }, async () => {
  const invoices = new Set<string>();
  const text = await openText(`${data}online_retail.csv.gz`);
  for await (const { text: line } of textLines(text.blocks())) invoices.add(line.slice(0, line.indexOf(',')));
  expect(invoices.delete('InvoiceNo')).toBe(true);
  expect(invoices.size).toBe(25_900);
});

const cdnow = skipReason('cdnow_sample_1in10.txt.gz');
test.skipIf(cdnow !== '')(`the whole CDNOW sample is accounted for${cdnow}`, { timeout: 60_000 }, async () => {
  const { tally, customers, ids } = await readAll('cdnow', 'cdnow_sample_1in10.txt.gz');
  expect([tally.read, customers, ids]).toEqual([6_919, 2_357, 6_919]);
  expect(tally.events).toEqual({ purchases: { events: 6_919, lines: 6_919 } });
  expect(unaccounted(tally)).toBe(0);
});
