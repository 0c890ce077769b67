import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One line of the Online Retail data set (UCI; Chen et al. 2012). */
interface RetailLine {
  invoice: string;
  sku: string;
  quantity: number;
  time: string;
  /** Price of one, in hundredths. */
  price: number;
  customerId: string;
}

/** Fields of a CSV line; quotes may hold commas. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = '']) => field.replace(/^"|"$/g, ''));

const readLines = (file: string): RetailLine[] =>
  gunzipSync(readFileSync(file))
    .toString('utf8')
    .split(/\r?\n/)
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [invoice = '', sku = '', , quantity = '', time = '', price = '', customer = ''] = fieldsOf(line);
      return {
        ...{ invoice, sku, quantity: Number(quantity), time: `${time.replace(' ', 'T')}Z` },
        ...{ price: Math.round(Number(price) * 100), customerId: customer.replace(/\.0$/, '') },
      };
    });

export interface RetailLineOf {
  sku: string;
  quantity: number;
  amountMinor: number;
}

/** What a customer bought with one invoice, or gave back with one cancellation. */
export interface RetailInvoice {
  invoice: string;
  kind: 'purchase' | 'refund';
  customerId: string;
  time: string;
  lines: RetailLineOf[];
  totalMinor: number;
}

/** The invoices of known customers, in the order of the file; free lines and corrections of the stock are left out. */
export const readInvoices = (file: string): RetailInvoice[] => {
  const invoices = new Map<string, RetailInvoice>();
  for (const { invoice, sku, quantity, time, price, customerId } of readLines(file)) {
    const kind = invoice.startsWith('C') ? 'refund' : 'purchase';
    if (customerId === '' || price <= 0 || (kind === 'refund' ? quantity >= 0 : quantity <= 0)) continue;
    const found = invoices.get(invoice) ?? { invoice, kind, customerId, time, lines: [], totalMinor: 0 };
    const amountMinor = price * Math.abs(quantity);
    found.lines.push({ sku, quantity: Math.abs(quantity), amountMinor });
    found.totalMinor += amountMinor;
    invoices.set(invoice, found);
  }
  return [...invoices.values()];
};

interface NaiveOrder {
  timeMs: number;
  total: number;
  refunded: number;
  earned: number;
  lines: Map<string, { quantity: number; amount: number; goneQuantity: number; goneAmount: number }>;
}

/**
 * Points per customer as one would work them out on paper: a point for every `perMinor`, a refund takes back what its lines
 * had earned in the newest purchases that still have them. No lots, no expiry, no limit below.
 */
export const naivePoints = (invoices: readonly RetailInvoice[], perMinor: number): Map<string, number> => {
  const points = new Map<string, number>();
  const orders = new Map<string, NaiveOrder[]>();
  const add = (customerId: string, gained: number): void => {
    points.set(customerId, (points.get(customerId) ?? 0) + gained);
  };
  const worth = ({ earned, refunded, total }: NaiveOrder): number =>
    total === 0 ? 0 : Number((BigInt(earned) * BigInt(refunded)) / BigInt(total));

  for (const { kind, customerId, time, lines, totalMinor } of invoices) {
    const timeMs = Date.parse(time);
    const own = orders.get(customerId) ?? [];
    orders.set(customerId, own);
    if (kind === 'purchase') {
      const bySku: NaiveOrder['lines'] = new Map();
      for (const { sku, quantity, amountMinor } of lines) {
        const line = bySku.get(sku) ?? { quantity: 0, amount: 0, goneQuantity: 0, goneAmount: 0 };
        line.quantity += quantity;
        line.amount += amountMinor;
        bySku.set(sku, line);
      }
      const earned = Math.floor(totalMinor / perMinor);
      // Newest first; of two at the same instant the one that came later.
      own.unshift({ timeMs, total: totalMinor, refunded: 0, earned, lines: bySku });
      add(customerId, earned);
      continue;
    }
    const wanted = lines.map((line) => ({ ...line, givers: [] as NaiveOrder[] }));
    const amounts = new Map<NaiveOrder, number>();
    const take = (order: NaiveOrder, want: RetailLineOf, pieces: number, upTo: number): void => {
      const line = order.lines.get(want.sku);
      if (!line) return;
      const before = amounts.get(order) ?? 0;
      const part = Math.min(upTo, line.amount - line.goneAmount, order.total - order.refunded - before);
      line.goneQuantity += pieces;
      line.goneAmount += part;
      want.quantity -= pieces;
      want.amountMinor -= part;
      amounts.set(order, before + part);
    };
    for (const order of own.filter((each) => each.timeMs <= timeMs && each.refunded < each.total))
      for (const want of wanted) {
        const line = order.lines.get(want.sku);
        const pieces = line ? Math.min(want.quantity, line.quantity - line.goneQuantity) : 0;
        if (pieces === 0) continue;
        take(order, want, pieces, Math.floor((want.amountMinor * pieces) / want.quantity));
        want.givers.push(order);
      }
    // All pieces are found, at other prices than the refund's mean: the money is what counts.
    for (const want of wanted.filter(({ quantity }) => quantity === 0))
      for (const order of want.givers) take(order, want, 0, want.amountMinor);
    for (const [order, amount] of amounts) {
      const before = worth(order);
      order.refunded += amount;
      add(customerId, before - worth(order));
    }
  }
  return points;
};
