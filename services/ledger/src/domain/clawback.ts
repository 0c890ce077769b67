import { assert } from '@vafa/kernel';
import type { Account } from './account.ts';
import { type Book, findLot, post, touchLot } from './book.ts';
import { type HeldDue, keyOf, type Said, saidOf } from './held-claims.ts';
import type { Lot } from './lot.ts';
import type { Match, Order, Refund } from './order.ts';
import type { Due } from './order-awards.ts';
import type { ReturnPolicy } from './programme.ts';
import { allocate, openLots, sumOf, type Taken, takeFrom } from './spend.ts';
import { PENDING } from './transfer.ts';

/** What is said of every transfer of one refund and entry, and when. */
interface SaidThen extends Said {
  occurredAt: string;
}

/** Takes up to `due` of what is pending still of the order's own lots. Returns the points. */
const takePending = (book: Book, account: Account, lots: readonly Lot[], due: number, said: SaidThen): number => {
  const taken: Taken[] = [];
  let left = due;
  for (const lot of lots) {
    const points = Math.min(left, lot.pending);
    if (points === 0) continue;
    lot.pending -= points;
    account.pending -= points;
    left -= points;
    touchLot(book, account, lot);
    taken.push({ lot, points });
  }
  const points = sumOf(taken);
  if (points === 0) return 0;
  const naturalKey = keyOf(said, PENDING);
  const transfer = post(book, account, { ...said, kind: 'clawback', account: PENDING, points: -points, naturalKey });
  allocate(book, transfer.id, taken);
  return points;
};

/** Points of the lot that expired and that no refund has counted before. */
const expiredUncounted = ({ expired, waived }: Lot): number => expired - waived;

/**
 * Points that had expired when they were refunded are gone already: they count as taken and are not taken a second time.
 * Returns how many of those due.
 */
const waiveExpired = (
  book: Book,
  account: Account,
  lots: readonly Lot[],
  due: number,
  refundedAtMs: number,
): number => {
  let left = due;
  for (const lot of lots) {
    if (lot.expiresAtMs !== null && refundedAtMs < lot.expiresAtMs) continue;
    const waived = Math.min(left, expiredUncounted(lot));
    if (waived === 0) continue;
    lot.waived += waived;
    left -= waived;
    touchLot(book, account, lot);
  }
  return due - left;
};

/**
 * Points that expired after they were refunded (the refund came late) should have been taken: their expiry is reversed, so
 * that they can be. Whether the sweep came by before the refund makes no difference then. The points are for the refund
 * alone: they pay off nothing that is owed but for the moment between the two transfers.
 */
const reverseExpiry = (book: Book, account: Account, lots: readonly Lot[], due: number, said: SaidThen): Taken[] => {
  const refundedAtMs = Date.parse(said.occurredAt);
  const reversed: Taken[] = [];
  let left = due;
  let absorbed = 0;
  for (const lot of lots) {
    if (lot.expiresAtMs === null || refundedAtMs >= lot.expiresAtMs) continue;
    const points = Math.min(left, expiredUncounted(lot));
    if (points === 0) continue;
    const owed = Math.min(account.deficit, points);
    lot.expired -= points;
    left -= points;
    absorbed += owed;
    account.deficit -= owed;
    account.active += points - owed;
    touchLot(book, account, lot);
    const naturalKey = keyOf(said, lot.id);
    post(book, account, { ...said, kind: 'expire_reversal', points, naturalKey, lotId: lot.id });
    reversed.push({ lot, points });
  }
  account.active -= sumOf(reversed) - absorbed;
  account.deficit += absorbed;
  return reversed;
};

/** Were the lot's points pending at this time? What comes late is about what was then. */
const wasPending = (lot: Lot | undefined, atMs: number): boolean =>
  lot !== undefined && lot.activatedMs !== null && atMs < lot.activatedMs;

/** What a refund took back. */
interface Clawed {
  points: number;
  /** What it could not take because open reservations hold it; see `HeldClaim`. */
  held: HeldDue[];
}

/** Takes back what is due of one entry. */
const clawEntry = (
  book: Book,
  account: Account,
  refund: Refund,
  order: Order,
  entry: Due,
  policy: ReturnPolicy,
  traceparent?: string,
): Clawed => {
  const { orderId } = order;
  const lot = findLot(book, account.customerId, entry.earnId);
  const own = lot ? [lot] : [];
  const said: SaidThen = {
    ...saidOf(refund.refundId, orderId, entry),
    occurredAt: refund.occurredAt,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  const pending = takePending(book, account, own, entry.points, said);
  order.pointsTakenBack += pending;
  const refundedAtMs = Date.parse(refund.occurredAt);
  if (policy === 'only_pending' && !wasPending(lot, refundedAtMs)) return { points: pending, held: [] };

  let due = entry.points - pending;
  due -= waiveExpired(book, account, own, due, refundedAtMs);
  const reversed = reverseExpiry(book, account, own, due, said);
  due -= sumOf(reversed);
  const others = openLots(book, account.customerId).filter((lot) => !own.includes(lot));
  const taken = [...reversed, ...takeFrom(book, account, [...own, ...others], due)];
  due -= sumOf(taken) - sumOf(reversed);
  let points = sumOf(taken);
  if (due > 0 && policy === 'allow_negative') {
    assert(account.active === 0, 'a deficit begins where nothing is left');
    account.deficit += due;
    points += due;
    due = 0;
  }
  if (points > 0) {
    order.pointsTakenBack += points;
    const transfer = post(book, account, { ...said, kind: 'clawback', points: -points, naturalKey: keyOf(said) });
    allocate(book, transfer.id, taken);
  }
  const waits = Math.min(due, account.reserved);
  return { points: pending + points, held: waits === 0 ? [] : [{ ...entry, orderId, points: waits }] };
};

/**
 * Takes back what a refunded part of an order had earned, entry by entry: from the entry's own lot, pending or not, then by
 * policy from the other lots (earliest expiry first) and into a deficit; without one, what is held is told, to be taken when it is
 * given back. only_pending takes nothing but what was pending at the refund's time of the entries' own: when the refund comes late
 * and they are spendable already, as from any balance. What is past its time is settled in the book before (see `settleDue`).
 */
export const clawBack = (
  book: Book,
  account: Account,
  refund: Refund,
  { order, dues }: Match,
  policy: ReturnPolicy,
  traceparent?: string,
): Clawed => {
  const clawed: Clawed = { points: 0, held: [] };
  for (const due of dues) {
    const { points, held } = clawEntry(book, account, refund, order, due, policy, traceparent);
    clawed.points += points;
    clawed.held.push(...held);
  }
  return clawed;
};
