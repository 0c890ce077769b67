import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { ReplayError } from '../replay-error.ts';
import { createInvoiceBook, type Invoice } from './invoice-book.ts';
import { CURRENCY, readInvoiceLine } from './invoice-line.ts';
import type { SourceEvent } from './source-event.ts';
import { skipLines, type Tally } from './tally.ts';
import { wallClockReader } from './wall-clock.ts';

const HEADER = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
];
const HEADER_LINE = 1;
/** A quote that is never closed would swallow the file: a record is never this long. */
const MAX_RECORD_CHARACTERS = 100_000;
/** The shop is in the United Kingdom; its invoices have no offset. */
const TIME_ZONE = 'Europe/London';

/** UCI Online Retail: one line per invoice line; invoices beginning with C are refunds without a reference. */
export async function* readOnlineRetail(blocks: AsyncIterable<string>, tally: Tally): AsyncGenerator<SourceEvent> {
  const readTime = wallClockReader(TIME_ZONE);
  const book = createInvoiceBook();
  let headerSeen = false;
  for await (const { record, line } of records(blocks)) {
    if (!headerSeen) {
      checkHeader(record);
      headerSeen = true;
      continue;
    }
    tally.read += 1;
    const read = readInvoiceLine(record, readTime);
    if (!read.ok) skipLines(tally, read.reason, line);
    else if (!book.add(read.value, line)) skipLines(tally, 'other_customer_in_invoice', line);
    for (const invoice of book.complete(line)) yield toEvent(invoice);
  }
  for (const invoice of book.rest()) yield toEvent(invoice);
}

async function* records(blocks: AsyncIterable<string>): AsyncGenerator<{ record: string[]; line: number }> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_CHARACTERS,
  });
  const text = Readable.from(blocks);
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { record, line: info.lines };
  } catch (error) {
    const { code, lines } = error as CsvError & { lines?: number };
    if (!code?.startsWith('CSV_')) throw error;
    throw new ReplayError(`line ${lines ?? '?'} can't be read as CSV: ${(error as Error).message}`, error);
  } finally {
    text.destroy();
    parser.destroy();
  }
}

/** @throws ReplayError when the columns are others than expected */
const checkHeader = (record: readonly string[]): void => {
  const given = record.map((name) => name.trim().toLowerCase().replaceAll(' ', ''));
  if (HEADER.every((name, i) => given[i] === name.toLowerCase()) && given.length === HEADER.length) return;
  throw new ReplayError(
    `line ${HEADER_LINE} must name the columns ${HEADER.join(',')}; is this an online-retail file?`,
  );
};

const toEvent = (invoice: Invoice): SourceEvent => {
  const { customerId, lines, at, firstLine, refund } = invoice;
  const id = `online-retail:${invoice.number}${invoice.part > 1 ? `/${invoice.part}` : ''}`;
  const attributes = invoice.country ? { attributes: { country: invoice.country.slice(0, 100) } } : {};
  const common = { customerId, occurredAt: at, lines: lines.length, firstLine };
  if (refund)
    return {
      ...common,
      kind: 'refunds',
      item: {
        customerId,
        refundId: id,
        scope: 'lines',
        currency: CURRENCY,
        lines: lines.map(({ sku, quantity, amountMinor }) => ({ sku, quantity, amountMinor })),
        ...attributes,
      },
    };
  const totalMinor = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  return {
    ...common,
    kind: 'purchases',
    item: { customerId, orderId: id, currency: CURRENCY, totalMinor, lines, ...attributes },
  };
};
