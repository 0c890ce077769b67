import type { Tx } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import type { Account } from '../domain/account.ts';
import { addAccounts, addLots, type Book, createBook } from '../domain/book.ts';
import { expireDue } from '../domain/spend.ts';
import type { Door } from '../domain/transfer.ts';
import { lockOrOpenAccounts, resolveCustomer } from '../store/accounts.ts';
import { findLotsExpiringBy } from '../store/lots.ts';

/** More lots than this that are past their expiry are left to the sweep, which is at work then. */
const MAX_DUE_LOTS = 50_000;

/**
 * Locks the account of a customer (of the one it was merged into) and lets go what is past its expiry, so that nothing
 * expired is spent before the sweep comes by.
 * @throws AppError unavailable when the customer was merged at this moment, or has more to expire than can be done here
 */
export const openAccount = async (
  tx: Tx,
  door: Door,
  now: Temporal.Instant,
  customerId: string,
): Promise<{ book: Book; account: Account }> => {
  const owner = await resolveCustomer(tx, customerId);
  const [found] = await lockOrOpenAccounts(tx, [owner]);
  const account = present(found, 'opened account');
  const book = createBook(door, now);
  addAccounts(book, [account]);
  if (account.nextExpiryMs !== null && account.nextExpiryMs <= book.nowMs) {
    const due = await findLotsExpiringBy(tx, [owner], book.nowMs, MAX_DUE_LOTS);
    if (due.length === MAX_DUE_LOTS)
      throw new AppError('unavailable', 'ledger.expiry_under_way', "the customer's points are expiring, try again", {
        retryAfterSeconds: 1,
      });
    addLots(book, due);
    expireDue(book, account);
  }
  return { book, account };
};
