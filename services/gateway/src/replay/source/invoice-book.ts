import type { InvoiceLine } from './invoice-line.ts';

/** Lines that came together under one invoice number. */
export interface Invoice {
  number: string;
  /** 1, unless the invoice goes on far from where it began or has more lines than one event may have. */
  part: number;
  refund: boolean;
  customerId: string;
  country: string;
  at: Temporal.Instant;
  lines: InvoiceLine['line'][];
  firstLine: number;
  lastLine: number;
}

export interface InvoiceBookLimits {
  /** An invoice is complete when so many lines have passed since its last one. */
  windowLines: number;
  /** Lines of one invoice. */
  maxLines: number;
  /** Lines of all open invoices together. */
  maxOpenLines: number;
  /** Invoice numbers remembered after they were closed. */
  maxRemembered: number;
}

const LIMITS: InvoiceBookLimits = {
  windowLines: 1_000,
  maxLines: 2_000,
  maxOpenLines: 50_000,
  maxRemembered: 500_000,
};

/**
 * Puts the lines of an invoice together though lines of others stand between them, in bounded memory. Invoices leave in
 * the order in which they began, so that a customer's purchases stay in the order of time.
 */
export const createInvoiceBook = (limits: InvoiceBookLimits = LIMITS) => {
  const open = new Map<string, Invoice>();
  const parts = new Map<string, number>();
  let openLines = 0;

  const close = (invoice: Invoice): Invoice => {
    open.delete(invoice.number);
    openLines -= invoice.lines.length;
    return invoice;
  };
  const begin = (value: InvoiceLine, lineNumber: number): Invoice => {
    const part = (parts.get(value.invoice) ?? 0) + 1;
    if (parts.size >= limits.maxRemembered) parts.delete(parts.keys().next().value as string);
    parts.set(value.invoice, part);
    const { invoice: number, refund, customerId, country, at } = value;
    return { number, part, refund, customerId, country, at, lines: [], firstLine: lineNumber, lastLine: lineNumber };
  };

  return {
    /** @returns false when the line names another customer than the lines before it */
    add: (value: InvoiceLine, lineNumber: number): boolean => {
      const invoice = open.get(value.invoice) ?? begin(value, lineNumber);
      if (invoice.customerId !== value.customerId) return false;
      open.set(value.invoice, invoice);
      invoice.lines.push(value.line);
      invoice.lastLine = lineNumber;
      openLines += 1;
      return true;
    },
    /** Invoices that are complete once line `lineNumber` was read. */
    *complete(lineNumber: number): Generator<Invoice> {
      for (const invoice of open.values()) {
        const full = invoice.lines.length >= limits.maxLines;
        if (!full && openLines <= limits.maxOpenLines && lineNumber - invoice.lastLine < limits.windowLines) return;
        yield close(invoice);
      }
    },
    /** All that are left at the end of the file. */
    *rest(): Generator<Invoice> {
      for (const invoice of open.values()) yield close(invoice);
    },
  };
};
