import { assert } from '@vafa/kernel';
import type { Account } from './account.ts';
import { type Book, findLot, post, touchLot } from './book.ts';
import type { Match, Refund } from './order.ts';
import type { ReturnPolicy } from './programme.ts';
import { allocate, openLots, sumOf, takeFrom } from './spend.ts';

/**
 * Takes back what a refunded part of an order had earned: from the order's own lot, then by policy from the other lots
 * (earliest expiry first) and into a deficit. Points of that lot that expired unspent are gone already and are not taken
 * a second time. Returns the points taken.
 */
export const clawBack = (
  book: Book,
  account: Account,
  refund: Refund,
  match: Match,
  policy: ReturnPolicy,
  traceparent?: string,
): number => {
  const { order } = match;
  const own = findLot(book, account.customerId, order.earnId);
  let due = match.pointsDue;
  if (own) {
    const waived = Math.min(due, own.expired - own.waived);
    own.waived += waived;
    due -= waived;
    if (waived > 0) touchLot(book, account, own);
  }
  const others = openLots(book, account.customerId).filter((lot) => lot !== own);
  const taken = takeFrom(book, account, own ? [own, ...others] : others, due);
  let points = sumOf(taken);
  if (points < due && policy === 'allow_negative') {
    assert(account.active === 0, 'a deficit begins where nothing is left');
    account.deficit += due - points;
    points = due;
  }
  if (points === 0) return 0;
  order.pointsTakenBack += points;
  const transfer = post(book, account, {
    kind: 'clawback',
    points: -points,
    occurredAt: refund.occurredAt,
    naturalKey: [refund.refundId, order.orderId],
    refundId: refund.refundId,
    orderId: order.orderId,
    ...(order.earnId === null ? {} : { reversesId: order.earnId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  });
  allocate(book, transfer.id, taken);
  return points;
};
