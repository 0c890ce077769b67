import { parseMinor } from '@vafa/kernel';
import { ReplayError } from '../replay-error.ts';
import type { SourceEvent } from './source-event.ts';
import { skipLines, type Tally } from './tally.ts';
import { textLines } from './text-lines.ts';

const CURRENCY = 'USD';
const TIME_ZONE = 'America/New_York';
/** Master id, sample id (not in the full file), date, number of CDs, dollars. */
const FORM = /^\s*(\d+)(?:\s+(\d+))?\s+(\d{8})\s+(\d+)\s+(\d{1,9}(?:\.\d+)?)\s*$/;
const MAX_QUANTITY = 1_000_000;
/** Days on which a customer bought are remembered to tell several purchases of a day apart; the full file has 67,591. */
const MAX_DAYS = 5_000_000;

/** CDNOW: one line per purchase, days without a time. Purchases of one day are told apart by their place in it. */
export async function* readCdnow(blocks: AsyncIterable<string>, tally: Tally): AsyncGenerator<SourceEvent> {
  const perDay = new Map<string, number>();
  for await (const { text, line } of textLines(blocks)) {
    tally.read += 1;
    const match = FORM.exec(text);
    if (!match) {
      skipLines(tally, text.trim() === '' ? 'empty_line' : 'malformed_line', line);
      continue;
    }
    const [, master, sample, date, count, dollars] = match as unknown as [
      string,
      string,
      string | undefined,
      string,
      string,
      string,
    ];
    const occurredAt = noonOf(date);
    const quantity = Number(count);
    if (!occurredAt || quantity < 1 || quantity > MAX_QUANTITY) {
      skipLines(tally, occurredAt ? 'invalid_quantity' : 'invalid_date', line);
      continue;
    }
    // The numbers of the two sample files overlap with those of other shops, hence the prefix.
    const customerId = `cdnow:${sample ?? master}`;
    const day = `${customerId}:${date}`;
    const nth = (perDay.get(day) ?? 0) + 1;
    perDay.set(day, nth);
    if (perDay.size > MAX_DAYS) throw new ReplayError(`the file has more than ${MAX_DAYS} days of purchases`);
    const totalMinor = parseMinor(dollars, CURRENCY);
    const item = {
      customerId,
      orderId: nth === 1 ? day : `${day}:${nth}`,
      currency: CURRENCY,
      totalMinor,
      lines: [{ sku: 'cd', quantity, amountMinor: totalMinor, category: 'music' }],
    };
    yield { kind: 'purchases', customerId, occurredAt, item, lines: 1, firstLine: line };
  }
}

/** The file knows days only: noon where the shop was. */
const noonOf = (date: string): Temporal.Instant | undefined => {
  try {
    return Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: TIME_ZONE, plainTime: '12:00' }).toInstant();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
