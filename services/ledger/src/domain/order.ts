import { AppError, mulDivFloor, present } from '@vafa/kernel';
import { awardsOf, type Due, duesOf, type OrderAward } from './order-awards.ts';
import type { OrderLine } from './order-line.ts';

/** An order as far as refunds change it. Works on the transaction's copy. */
export interface Order {
  orderId: string;
  customerId: string;
  occurredAtMs: number;
  currency: string;
  totalMinor: number;
  refundedMinor: number;
  pointsEarned: number;
  pointsTakenBack: number;
  /** Transfer and lot that it earned, of several the first; null when it earned nothing. */
  earnId: string | null;
  /** Its entries, when rules had a part in them; not given when the rate alone made one. See `awardsOf`. */
  awards?: OrderAward[];
  /** By sku. */
  lines: Map<string, OrderLine>;
}

export interface RefundedLine {
  sku: string;
  quantity: number;
  amountMinor: number;
}

export interface Refund {
  refundId: string;
  customerId: string;
  orderId: string | null;
  scope: 'whole' | 'amount' | 'lines';
  currency: string;
  amountMinor: number | null;
  lines: RefundedLine[];
  /** ISO 8601. */
  occurredAt: string;
}

/** What a refund took from one order. */
export interface Match {
  order: Order;
  amountMinor: number;
  /** Points that this part of the order had earned. */
  pointsDue: number;
  /** The same by entry. */
  dues: Due[];
  /** What of the order is refunded with it. */
  refundedMinor: number;
  /** The order was refunded as a whole, whatever was left of it. */
  whole: boolean;
}

export interface Matching {
  matches: Match[];
  matchedMinor: number;
  /** Beyond what the orders had left. */
  unmatchedMinor: number;
}

/** What came of a refund that names no order. */
export interface NewestMatching extends Matching {
  /** The refund of what no order had: of the money, or of the pieces and their money; null = nothing is left of it. */
  rest: Refund | null;
}

/** Lines as an order keeps them: quantities and amounts per sku. */
export const linesBySku = (lines: readonly RefundedLine[]): Map<string, OrderLine> => {
  const bySku = new Map<string, OrderLine>();
  for (const { sku, quantity, amountMinor } of lines) {
    const [quantityBefore, minorBefore] = bySku.get(sku) ?? [0, 0];
    bySku.set(sku, [quantityBefore + quantity, minorBefore + amountMinor]);
  }
  return bySku;
};

/** @throws AppError invalid `ledger.refund_incomplete` when the scope's own field is missing */
export const checkRefund = (refund: Refund): void => {
  const missing =
    refund.scope === 'whole' && refund.orderId === null
      ? 'orderId'
      : refund.scope === 'amount' && refund.amountMinor === null
        ? 'amountMinor'
        : refund.scope === 'lines' && refund.lines.length === 0
          ? 'lines'
          : undefined;
  if (missing)
    throw new AppError('invalid', 'ledger.refund_incomplete', `a refund of scope ${refund.scope} needs ${missing}`, {
      problems: [{ path: `/${missing}`, message: 'is missing' }],
    });
};

/**
 * Counts an amount as refunded, no more than the order has left. The points due for it are what each of the order's entries
 * for all refunded so far comes to, less those due before: parts add up to the whole, never to more.
 */
const refundAmount = (order: Order, amountMinor: number, whole = false): Match => {
  const part = Math.min(amountMinor, order.totalMinor - order.refundedMinor);
  const awards = awardsOf(order);
  order.refundedMinor += part;
  const { refundedMinor } = order;
  const dues = duesOf(order, awards, whole);
  const pointsDue = dues.reduce((sum, { points }) => sum + points, 0);
  return { order, amountMinor: part, pointsDue, dues, refundedMinor, whole };
};

/** Marks every line as gone. */
const refundWhole = (order: Order): Match => {
  for (const [sku, [quantity, amountMinor]] of order.lines)
    order.lines.set(sku, [quantity, amountMinor, quantity, amountMinor]);
  return refundAmount(order, order.totalMinor - order.refundedMinor, true);
};

/**
 * Counts pieces of an order's line as returned, and up to so much money: no more than the line and the order have left. `parts` is
 * the money of each order so far. Returns what was counted.
 */
const refundLine = (
  parts: Map<Order, number>,
  order: Order,
  sku: string,
  pieces: number,
  upToMinor: number,
): number => {
  const [quantity, lineMinor, refundedQuantity = 0, refundedMinor = 0] = present(
    order.lines.get(sku),
    'line of an order',
  );
  const before = parts.get(order) ?? 0;
  const part = Math.min(upToMinor, lineMinor - refundedMinor, order.totalMinor - order.refundedMinor - before);
  order.lines.set(sku, [quantity, lineMinor, refundedQuantity + pieces, refundedMinor + part]);
  parts.set(order, before + part);
  return part;
};

const piecesLeft = (order: Order, sku: string): number => {
  const [quantity, , refundedQuantity = 0] = order.lines.get(sku) ?? [0, 0];
  return quantity - refundedQuantity;
};

/**
 * Takes lines out of orders, in their order, as far as they have them. The money follows the pieces: each order's line has the
 * share of its quantity, no more than it has left. What a line lacks is asked of the pieces that are still to be found, and, once
 * all are found, of the lines that gave some: pieces of one sku may have been bought at several prices, and the refund tells
 * only what they come to together. `left` are the pieces that no order had, with their money.
 */
const refundLines = (
  orders: readonly Order[],
  lines: readonly RefundedLine[],
): { matches: Match[]; left: RefundedLine[] } => {
  const wanted = lines.map((line) => ({ ...line, from: [] as Order[] }));
  const parts = new Map<Order, number>();
  for (const order of orders)
    for (const want of wanted) {
      const pieces = Math.min(want.quantity, piecesLeft(order, want.sku));
      if (pieces === 0) continue;
      const share = mulDivFloor(want.amountMinor, pieces, want.quantity);
      want.amountMinor -= refundLine(parts, order, want.sku, pieces, share);
      want.quantity -= pieces;
      want.from.push(order);
    }
  for (const want of wanted.filter(({ quantity }) => quantity === 0))
    for (const order of want.from) want.amountMinor -= refundLine(parts, order, want.sku, 0, want.amountMinor);
  return {
    matches: [...parts].map(([order, amountMinor]) => refundAmount(order, amountMinor)),
    left: wanted
      .filter(({ quantity }) => quantity > 0)
      .map(({ sku, quantity, amountMinor }) => ({ sku, quantity, amountMinor })),
  };
};

const newestFirst = (a: Order, b: Order): number => b.occurredAtMs - a.occurredAtMs || (a.orderId < b.orderId ? 1 : -1);

const asMatching = (matches: Match[], refundedMinor: number): Matching => {
  const matchedMinor = matches.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  return { matches, matchedMinor, unmatchedMinor: Math.max(0, refundedMinor - matchedMinor) };
};

const totalOf = (lines: readonly RefundedLine[]): number =>
  lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);

/**
 * A refund of one named order.
 * @throws AppError rejected `ledger.refund_of_another_customer`, `ledger.refund_currency_mismatch`
 */
export const refundOrder = (order: Order, refund: Refund): Matching => {
  if (order.customerId !== refund.customerId)
    throw new AppError(
      'rejected',
      'ledger.refund_of_another_customer',
      'the order is not of the customer who is refunded',
    );
  if (order.currency !== refund.currency)
    throw new AppError('rejected', 'ledger.refund_currency_mismatch', `the order was paid in ${order.currency}`);
  if (refund.scope === 'whole') return asMatching([refundWhole(order)], 0);
  if (refund.scope === 'amount')
    return asMatching([refundAmount(order, refund.amountMinor ?? 0)], refund.amountMinor ?? 0);
  // An order that was sent without lines can only be refunded by the money.
  if (order.lines.size === 0) return asMatching([refundAmount(order, totalOf(refund.lines))], totalOf(refund.lines));
  return asMatching(refundLines([order], refund.lines).matches, totalOf(refund.lines));
};

/**
 * A refund that names no order: the customer's newest purchases that still have something to refund, none later than the
 * refund itself, newest first. What is left of it can be matched in the same way with orders that come later.
 */
export const refundNewest = (candidates: readonly Order[], refund: Refund): NewestMatching => {
  const untilMs = Date.parse(refund.occurredAt);
  const orders = candidates
    .filter((order) => order.customerId === refund.customerId && order.currency === refund.currency)
    .filter((order) => order.occurredAtMs <= untilMs && order.refundedMinor < order.totalMinor)
    .sort(newestFirst);
  if (refund.scope === 'lines') {
    const { matches, left } = refundLines(orders, refund.lines);
    const rest = left.length === 0 ? null : { ...refund, lines: left };
    return { ...asMatching(matches, totalOf(refund.lines)), rest };
  }
  const matches: Match[] = [];
  let left = refund.amountMinor ?? 0;
  for (const order of orders) {
    if (left === 0) break;
    const match = refundAmount(order, left);
    left -= match.amountMinor;
    matches.push(match);
  }
  const rest = left === 0 ? null : { ...refund, amountMinor: left };
  return { ...asMatching(matches, refund.amountMinor ?? 0), rest };
};
