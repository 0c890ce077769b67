import type { Account } from './account.ts';
import { type Allocation, type Book, findLot, post } from './book.ts';
import { type HeldClaim, keyOf, saidOf } from './held-claims.ts';
import { bySpending, type Lot } from './lot.ts';
import { allocate, sumOf, takeFrom } from './spend.ts';

/** In the order of the refunds' own times. */
const oldestFirst = ({ refund: a }: HeldClaim, { refund: b }: HeldClaim): number =>
  Date.parse(a.occurredAt) - Date.parse(b.occurredAt) || (a.refundId < b.refundId ? -1 : 1);

/** The lots that a reservation gave back into: the entry's own first, then in order of spending. */
const lotsFor = (book: Book, account: Account, allocations: readonly Allocation[], earnId: string): Lot[] =>
  allocations
    .flatMap(({ lotId }) => findLot(book, account.customerId, lotId) ?? [])
    .sort((a, b) => Number(b.id === earnId) - Number(a.id === earnId) || bySpending(a, b));

/**
 * Tells claims that a reservation has ended and gave so many spendable points back: they take what they are due of them, each entry
 * by a transfer of its own. The claims on it are in the book.
 */
export const collectHeld = (
  book: Book,
  account: Account,
  reservationId: string,
  allocations: readonly Allocation[],
  pointsBack: number,
): void => {
  const occurredAt = Temporal.Instant.fromEpochMilliseconds(book.nowMs).toString();
  const claims = book.heldClaims.filter(({ heldBy }) => heldBy.has(reservationId)).sort(oldestFirst);
  let left = pointsBack;
  for (const claim of claims) {
    for (const due of claim.dues) {
      const lots = lotsFor(book, account, allocations, due.earnId);
      const taken = takeFrom(book, account, lots, Math.min(left, due.points));
      const points = sumOf(taken);
      if (points === 0) continue;
      left -= points;
      due.points -= points;
      due.taken += points;
      const said = saidOf(claim.refund.refundId, due.orderId, due);
      const naturalKey = keyOf(said, 'held', reservationId);
      const transfer = post(book, account, { ...said, kind: 'clawback', points: -points, occurredAt, naturalKey });
      allocate(book, transfer.id, taken);
    }
    claim.heldBy.delete(reservationId);
    book.changedClaims.add(claim);
  }
};
