import type { OrderLine as SentLine } from '@vafa/contracts';
import type { OrderLine } from './order-line.ts';

/** What an order looked like to the rules, as far as it was kept. */
export interface PastOrder {
  currency: string;
  totalMinor: number;
  store?: string;
  channel?: string;
  lines: SentLine[];
}

interface Sent {
  store?: string | undefined;
  channel?: string | undefined;
  lines: readonly SentLine[];
}

/** Between the parts of an order (store, channel, lines), between lines, and between what is said of a line. */
const PART = '\u001d';
const LINE = '\u001e';
const FIELD = '\u001f';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the separators, and what Postgres can't keep as text
const UNWRITABLE = /[\u0000\u001d-\u001f]/;
/** Begins texts that are JSON: those of orders with a word that can't be written between separators. */
const JSON_MARK = '{';

/** What is kept of a line: sku, category, brand, labels; empty = not said. */
const fieldsOf = ({ sku, category, brand, labels }: SentLine): string[] => [
  sku,
  category ?? '',
  brand ?? '',
  ...(labels ?? []),
];

const isKnown = ({ category, brand, labels }: SentLine): boolean =>
  category !== undefined || brand !== undefined || labels !== undefined;

const inJson = ({ store = '', channel = '', lines }: Sent): string =>
  JSON.stringify({ store, channel, lines: lines.filter(isKnown).map(fieldsOf) });

/**
 * What rules may ask of an order beyond its money, as a text, kept so that a programme can be tried on orders of the past;
 * null where nothing was said. Written with every purchase: so it is short, and costs half a microsecond.
 */
export const detailsOf = (sent: Sent): string | null => {
  const { store, channel, lines } = sent;
  let known = '';
  for (const line of lines) {
    const { sku, category = '', brand = '', labels } = line;
    if (category === '' && brand === '' && labels === undefined) continue;
    if (UNWRITABLE.test(category) || UNWRITABLE.test(brand)) return inJson(sent);
    known += known === '' ? sku + FIELD + category : LINE + sku + FIELD + category;
    if (brand === '' && labels === undefined) continue;
    known += FIELD + brand;
    for (const label of labels ?? []) {
      if (UNWRITABLE.test(label)) return inJson(sent);
      known += FIELD + label;
    }
  }
  if (store === undefined && channel === undefined) return known === '' ? null : PART + PART + known;
  const [inStore, byChannel] = [store ?? '', channel ?? ''];
  if (UNWRITABLE.test(inStore) || UNWRITABLE.test(byChannel) || inStore.startsWith(JSON_MARK)) return inJson(sent);
  return inStore + PART + byChannel + PART + known;
};

interface Details {
  store: string;
  channel: string;
  lines: string[][];
}

const read = (text: string): Details => {
  if (text.startsWith(JSON_MARK)) return JSON.parse(text) as Details;
  const [store = '', channel = '', known = ''] = text.split(PART);
  return { store, channel, lines: known === '' ? [] : known.split(LINE).map((line) => line.split(FIELD)) };
};

/**
 * The order as rules see it. Lines are kept by sku: lines of one sku are one line here, with what was said of the first of
 * them.
 */
export const pastOrderOf = (
  order: { currency: string; totalMinor: number; lines: ReadonlyMap<string, OrderLine> },
  details: string | null,
): PastOrder => {
  const { store, channel, lines: told } = details === null ? { store: '', channel: '', lines: [] } : read(details);
  const known = new Map<string, string[]>();
  for (const fields of told) {
    const [sku = ''] = fields;
    if (!known.has(sku)) known.set(sku, fields);
  }
  const lines = [...order.lines].map(([sku, [quantity, amountMinor]]): SentLine => {
    const [, category = '', brand = '', ...labels] = known.get(sku) ?? [];
    return {
      sku,
      quantity,
      amountMinor,
      ...(category === '' ? {} : { category }),
      ...(brand === '' ? {} : { brand }),
      ...(labels.length === 0 ? {} : { labels }),
    };
  });
  return {
    currency: order.currency,
    totalMinor: order.totalMinor,
    ...(store === '' ? {} : { store }),
    ...(channel === '' ? {} : { channel }),
    lines,
  };
};
