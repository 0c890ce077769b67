import { AppError, assert } from '@vafa/kernel';
import type { Account } from './account.ts';
import { type Allocation, type Book, type Posting, post, touchLot } from './book.ts';
import { bySpending, isPastExpiry, type Lot } from './lot.ts';
import type { Transfer } from './transfer.ts';

/** Points taken out of one lot. */
export interface Taken {
  lot: Lot;
  points: number;
}

/** The customer's open lots in the book, in order of spending. */
export const openLots = (book: Book, customerId: string): Lot[] =>
  [...(book.lots.get(customerId)?.values() ?? [])].filter(({ remaining }) => remaining > 0).sort(bySpending);

/** Takes up to `points` out of the lots, in their order, and out of what is spendable. Returns what it got. */
export const takeFrom = (book: Book, account: Account, lots: readonly Lot[], points: number): Taken[] => {
  const taken: Taken[] = [];
  let left = points;
  for (const lot of lots) {
    if (left === 0) break;
    const part = Math.min(left, lot.remaining);
    if (part === 0) continue;
    lot.remaining -= part;
    account.active -= part;
    left -= part;
    touchLot(book, account, lot);
    taken.push({ lot, points: part });
  }
  return taken;
};

/** As `takeFrom`, where it is known that there is enough. @throws Error when the book lacks lots that the account counts */
export const takeAll = (book: Book, account: Account, points: number): Taken[] => {
  const taken = takeFrom(book, account, openLots(book, account.customerId), points);
  assert(sumOf(taken) === points, 'the lots in the book cover what is spent');
  return taken;
};

export const sumOf = (taken: readonly Taken[]): number => taken.reduce((sum, { points }) => sum + points, 0);

/** Keeps which lots an owner drew from. */
export const allocate = (book: Book, ownerId: string, taken: readonly Taken[]): Allocation[] => {
  const allocations = taken.map(({ lot, points }) => ({ ownerId, lotId: lot.id, points, returned: 0 }));
  book.newAllocations.push(...allocations);
  return allocations;
};

/**
 * Refuses unless the customer can spend the points. Lots past their expiry must have been expired before (see `expire`).
 * @throws AppError rejected `ledger.insufficient_points`, telling what is available
 */
export const requirePoints = (account: Account, points: number): void => {
  if (account.active >= points) return;
  throw new AppError(
    'rejected',
    'ledger.insufficient_points',
    `${account.active} points are available, ${points} were asked for`,
    {
      available: account.active,
      requested: points,
    },
  );
};

/**
 * Takes points away at once (a correction by hand), earliest expiry first.
 * @throws AppError rejected `ledger.insufficient_points`
 */
export const debit = (book: Book, account: Account, posting: Posting): Transfer => {
  const points = -posting.points;
  requirePoints(account, points);
  const taken = takeAll(book, account, points);
  const transfer = post(book, account, posting);
  allocate(book, transfer.id, taken);
  return transfer;
};

/** Lets everything go that is past its expiry, each lot by a transfer of its own. Returns the transfers. */
export const expireDue = (book: Book, account: Account): Transfer[] =>
  openLots(book, account.customerId)
    .filter((lot) => isPastExpiry(lot, book.nowMs))
    .map((lot) => {
      const points = lot.remaining;
      // Points given back into an expired lot expire again: the customer's how-many-th transfer it is tells the two apart.
      const naturalKey = [lot.id, account.customerId, String(account.seq)];
      lot.remaining = 0;
      lot.expired += points;
      account.active -= points;
      touchLot(book, account, lot);
      const occurredAt = Temporal.Instant.fromEpochMilliseconds(lot.expiresAtMs as number).toString();
      return post(book, account, { kind: 'expire', points: -points, occurredAt, naturalKey, lotId: lot.id });
    });
