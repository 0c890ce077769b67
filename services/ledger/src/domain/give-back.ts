import { assert, mulDivFloor, present } from '@vafa/kernel';
import type { Account } from './account.ts';
import { type Allocation, type Book, findLot, post, touchLot } from './book.ts';
import { entryId } from './entry-id.ts';
import { keepByActivity, keptUntilMs } from './kept-by-activity.ts';
import { bySpending } from './lot.ts';
import type { Match, Order, Refund } from './order.ts';
import type { SpentPoints } from './programme.ts';
import type { Transfer } from './transfer.ts';

/** A captured reservation that paid for an order, and what of it refunds gave back before. */
export interface Payment {
  reservationId: string;
  customerId: string;
  orderId: string;
  captured: number;
  givenBack: number;
  /** When it was captured, milliseconds since 1970. */
  capturedAtMs: number;
  allocations: Allocation[];
}

type Part = Pick<Match, 'refundedMinor' | 'amountMinor' | 'whole'> & { order: { totalMinor: number } };

/**
 * Points to give back of those that paid for an order, when a part of it is refunded. all: everything, once the order is
 * refunded to the last; proportional: `⌊paid × refunded so far ÷ total⌋` less what that was before, so parts add up to the
 * whole. An order that was paid with points alone (total 0) is refunded to the last only as a whole.
 */
export const pointsGivenBack = (rule: SpentPoints, paid: number, givenBack: number, part: Part): number => {
  const { refundedMinor, amountMinor, whole, order } = part;
  const { totalMinor } = order;
  const left = paid - givenBack;
  if (rule === 'none' || left === 0) return 0;
  const toTheLast = totalMinor === 0 ? whole : refundedMinor === totalMinor;
  if (rule === 'all' || totalMinor === 0) return toTheLast ? left : 0;
  const due = (minor: number): number => mulDivFloor(paid, minor, totalMinor);
  return Math.min(left, due(refundedMinor) - due(refundedMinor - amountMinor));
};

/**
 * Points to give back of a payment that is captured after its order was refunded, so that it comes to the same as if it had been
 * captured before. all: everything, if the order is refunded to the last; proportional: `⌊paid × refunded ÷ total⌋` of all
 * payments less what that is without this one. `whole`: the order was refunded as a whole, which is all that tells for a total
 * of 0.
 */
export const pointsGivenBackLate = (
  rule: SpentPoints,
  paid: { before: number; now: number },
  { totalMinor, refundedMinor }: Pick<Order, 'totalMinor' | 'refundedMinor'>,
  whole: boolean,
): number => {
  if (rule === 'none') return 0;
  const toTheLast = totalMinor === 0 ? whole : refundedMinor === totalMinor;
  if (rule === 'all' || totalMinor === 0) return toTheLast ? paid.now : 0;
  const due = (points: number): number => mulDivFloor(points, refundedMinor, totalMinor);
  return due(paid.before + paid.now) - due(paid.before);
};

/**
 * Puts points back into the lots they came from, those that expire last first; the lots keep their expiry. What is owed is
 * paid off with them. The caller posts the transfer, or lowers what is reserved.
 */
export const intoLots = (book: Book, account: Account, allocations: readonly Allocation[], points: number): void => {
  const parts = allocations.map((allocation) => {
    const lot = present(findLot(book, account.customerId, allocation.lotId), 'lot of a payment');
    return { allocation, lot, id: lot.id, expiresAtMs: keptUntilMs(account, lot) };
  });
  parts.sort((a, b) => bySpending(b, a));
  let left = points;
  for (const { allocation, lot } of parts) {
    const part = Math.min(left, allocation.points - allocation.returned);
    if (part === 0) continue;
    const absorbed = Math.min(account.deficit, part);
    allocation.returned += part;
    book.changedAllocations.push(allocation);
    keepByActivity(account, lot);
    lot.remaining += part - absorbed;
    lot.absorbed += absorbed;
    account.deficit -= absorbed;
    account.active += part - absorbed;
    left -= part;
    touchLot(book, account, lot);
  }
  assert(left === 0, 'no more is given back than was drawn');
};

/**
 * Gives points back that paid for an order of which a part was refunded: by one transfer per payment, oldest first, into the
 * lots they came from, which keep their expiry. What is past it expires again at once (see `expireDue`). Returns the points.
 */
export const giveBackSpent = (
  book: Book,
  account: Account,
  refund: Refund,
  match: Match,
  payments: readonly Payment[],
  rule: SpentPoints,
  traceparent?: string,
): number => {
  const { orderId } = match.order;
  const own = payments
    .filter((payment) => payment.orderId === orderId && payment.customerId === account.customerId)
    .sort((a, b) => a.capturedAtMs - b.capturedAtMs || (a.reservationId < b.reservationId ? -1 : 1));
  const sum = (pick: (payment: Payment) => number): number => own.reduce((total, each) => total + pick(each), 0);
  const points = pointsGivenBack(
    rule,
    sum(({ captured }) => captured),
    sum(({ givenBack }) => givenBack),
    match,
  );
  let left = points;
  for (const payment of own) {
    const part = Math.min(left, payment.captured - payment.givenBack);
    if (part === 0) continue;
    intoLots(book, account, payment.allocations, part);
    payment.givenBack += part;
    left -= part;
    post(book, account, {
      kind: 'redeem_reversal',
      points: part,
      occurredAt: refund.occurredAt,
      naturalKey: [refund.refundId, orderId, payment.reservationId],
      refundId: refund.refundId,
      orderId,
      reservationId: payment.reservationId,
      reversesId: entryId(payment.capturedAtMs, 'redeem', payment.reservationId),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
  }
  return points;
};

/** What is known of the order that a reservation pays for, when it is captured. */
export interface PaidOrder {
  order: Pick<Order, 'orderId' | 'totalMinor' | 'refundedMinor'>;
  /** It was refunded as a whole. */
  whole: boolean;
  /** Points that other reservations of the same customer paid for it, given back since or not. */
  paidBefore: number;
}

/**
 * Gives back of a payment that was captured at this moment what refunds of its order would have given back, had they come after
 * it; see `pointsGivenBackLate`. Returns the points.
 */
export const giveBackLate = (
  book: Book,
  account: Account,
  captured: Transfer,
  allocations: readonly Allocation[],
  { order, whole, paidBefore }: PaidOrder,
  rule: SpentPoints,
): number => {
  const points = pointsGivenBackLate(rule, { before: paidBefore, now: captured.amount }, order, whole);
  if (points === 0) return 0;
  const reservationId = present(captured.reservationId, 'reservation of a capture');
  intoLots(book, account, allocations, points);
  post(book, account, {
    kind: 'redeem_reversal',
    points,
    occurredAt: captured.occurredAt,
    naturalKey: ['captured_late', reservationId],
    orderId: order.orderId,
    reservationId,
    reversesId: captured.id,
    ...(captured.traceparent === undefined ? {} : { traceparent: captured.traceparent }),
  });
  return points;
};
