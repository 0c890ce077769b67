import { lineAmountMinor, readDecimal } from './line-amount.ts';

export const CURRENCY = 'GBP';
const COLUMNS = 8;
const MAX_QUANTITY = 1_000_000;
const MAX_NAME = 300;
const MAX_ID = 100;
const PLAIN_ID = /^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u;
/** Codes that are no goods: postage, carriage, samples, bank and marketplace charges, manual entries, discounts. */
const CHARGES = new Set(['POST', 'DOT', 'C2', 'M', 'D', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK']);

/** One good line of an invoice. */
export interface InvoiceLine {
  invoice: string;
  refund: boolean;
  customerId: string;
  country: string;
  at: Temporal.Instant;
  line: { sku: string; quantity: number; amountMinor: number; name?: string; category?: string };
}

export type ReadLine = { ok: true; value: InvoiceLine } | { ok: false; reason: string };

const skip = (reason: string): ReadLine => ({ ok: false, reason });

/** What sort of line it is, for the account of those that have no customer. */
const sortOf = (invoice: string, quantity: number, free: boolean): string => {
  if (invoice.startsWith('C')) return 'cancellation';
  if (!/^\d/.test(invoice)) return 'adjustment';
  if (quantity < 0) return 'stock_correction';
  return free ? 'free_line' : 'sale';
};

/**
 * Reads one record of the Online Retail file: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
 * CustomerID, Country. What can't be used comes back with the reason.
 */
export const readInvoiceLine = (
  record: readonly string[],
  readTime: (text: string) => Temporal.Instant | undefined,
): ReadLine => {
  if (record.length !== COLUMNS) return skip('wrong_number_of_columns');
  const [invoiceText, skuText, nameText, quantityText, dateText, priceText, customerText, countryText] =
    record as string[];
  const invoice = (invoiceText as string).trim().toUpperCase();
  const quantity = readQuantity(quantityText as string);
  const price = readDecimal(priceText as string);
  const customerId = (customerText as string).trim().replace(/^(\d+)\.0+$/, '$1');
  if (!PLAIN_ID.test(invoice) || invoice.length > MAX_ID) return skip('invalid_invoice_number');
  if (quantity === undefined) return skip('invalid_quantity');
  if (!price) return skip('invalid_price');
  if (customerId === '') return skip(`no_customer/${sortOf(invoice, quantity, price.digits === 0n)}`);
  if (!PLAIN_ID.test(customerId) || customerId.length > MAX_ID) return skip('invalid_customer');

  const refund = invoice.startsWith('C');
  if (!refund && !/^\d/.test(invoice)) return skip('adjustment');
  if (price.digits < 0n) return skip('negative_price');
  if (refund !== quantity < 0) return skip(refund ? 'cancellation_of_positive_quantity' : 'negative_quantity');
  const sku = (skuText as string).trim();
  if (!PLAIN_ID.test(sku) || sku.length > MAX_ID) return skip('invalid_stock_code');
  const at = readTime(dateText as string);
  if (!at) return skip('invalid_date');
  const amountMinor = lineAmountMinor(price, Math.abs(quantity), CURRENCY);
  if (amountMinor === undefined) return skip('amount_too_large');
  const name = (nameText as string).trim().slice(0, MAX_NAME);
  const line = {
    sku,
    quantity: Math.abs(quantity),
    amountMinor,
    ...(name ? { name } : {}),
    ...(CHARGES.has(sku.toUpperCase()) ? { category: 'charges' } : {}),
  };
  return { ok: true, value: { invoice, refund, customerId, country: (countryText as string).trim(), at, line } };
};

const readQuantity = (text: string): number | undefined => {
  const quantity = /^\s*[+-]?\d{1,7}(?:\.0+)?\s*$/.test(text) ? Number(text) : Number.NaN;
  return quantity !== 0 && Math.abs(quantity) <= MAX_QUANTITY ? quantity : undefined;
};
