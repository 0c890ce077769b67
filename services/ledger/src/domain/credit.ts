import type { Account } from './account.ts';
import { addLots, type Book, type Posting, post, touchLot } from './book.ts';
import type { Lot } from './lot.ts';
import type { Transfer } from './transfer.ts';

/**
 * Gives points: what is owed is paid off first, the rest becomes a lot. Lots that are past their expiry when they arrive
 * (imported history) are not announced as expiring soon.
 */
export const credit = (book: Book, account: Account, posting: Posting, expiresAtMs: number | null): Transfer => {
  const { points } = posting;
  const absorbed = Math.min(account.deficit, points);
  account.deficit -= absorbed;
  account.active += points - absorbed;
  const transfer = post(book, account, posting);
  const lot: Lot = {
    id: transfer.id,
    customerId: account.customerId,
    granted: points,
    remaining: points - absorbed,
    absorbed,
    expired: 0,
    waived: 0,
    expiresAtMs,
    noticed: expiresAtMs !== null && expiresAtMs <= book.nowMs,
  };
  book.newLots.add(lot);
  addLots(book, [lot]);
  touchLot(book, account, lot);
  return transfer;
};
