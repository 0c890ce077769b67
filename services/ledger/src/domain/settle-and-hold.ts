import { present } from '@vafa/kernel';
import type { Account } from './account.ts';
import type { Book } from './book.ts';
import { isPastExpiry, type Lot } from './lot.ts';
import { settleDue } from './plan.ts';
import { hold, type Reservation } from './reservation.ts';

const isDue = (lot: Lot, nowMs: number): boolean =>
  (lot.remaining > 0 && isPastExpiry(lot, nowMs)) ||
  (lot.pending > 0 && lot.pendingUntilMs !== null && lot.pendingUntilMs <= nowMs);

/** What settling changes, as it is now. Returns what puts it back. */
const remember = (book: Book, account: Account, lots: readonly Lot[]): (() => void) => {
  const before = { account: { ...account }, lots: lots.map((lot) => ({ ...lot })) };
  const { changedLots, transfers } = book;
  book.changedLots = new Set(changedLots);
  book.transfers = [...transfers];
  return () => {
    Object.assign(account, before.account);
    for (const [i, lot] of lots.entries()) Object.assign(lot, present(before.lots[i], 'copy of a lot'));
    Object.assign(book, { changedLots, transfers });
  };
};

/**
 * Makes spendable what has waited long enough and lets go what is past its expiry, then holds points. Refused, it has changed
 * nothing, so that the sweep finds what is due as it was.
 * @throws AppError rejected `ledger.insufficient_points`
 */
export const settleAndHold = (book: Book, account: Account, reservation: Pick<Reservation, 'id' | 'points'>): void => {
  const lots = [...(book.lots.get(account.customerId)?.values() ?? [])];
  const due = lots.some((lot) => isDue(lot, book.nowMs));
  const undo = due ? remember(book, account, lots) : undefined;
  if (due) settleDue(book, account);
  try {
    hold(book, account, reservation);
  } catch (error) {
    undo?.();
    throw error;
  }
};

/**
 * The account as it is once what is past its time of the lots in the book is settled, which is what a balance tells: the book
 * stays as it is, for the sweep to find.
 */
export const asSettled = (book: Book, account: Account): Account => {
  const lots = [...(book.lots.get(account.customerId)?.values() ?? [])];
  if (!lots.some((lot) => isDue(lot, book.nowMs))) return account;
  const undo = remember(book, account, lots);
  settleDue(book, account);
  const settled = { ...account };
  undo();
  return settled;
};
