import { emit, type Tx } from '@vafa/bus';
import { accountOf, addAccounts, addLots, createBook } from '../domain/book.ts';
import { expireDue } from '../domain/spend.ts';
import { claimDueAccounts } from '../store/due-accounts.ts';
import { findBoundsAfter, findLotsExpiringBy } from '../store/lots.ts';
import { saveBook } from '../store/save-book.ts';
import { eventsOf } from './points-events.ts';

/** Lots of one customer per portion; the account stays due until all are done. */
const MAX_LOTS_PER_CUSTOMER = 500;

/**
 * Expires one portion of what is due, set-based. What is gone is not found again, so a run that
 * is repeated books nothing twice. Returns how many accounts it went through; 0 = nothing is due.
 */
export const expireLots = async (tx: Tx, now: Temporal.Instant, maxCustomers: number): Promise<number> => {
  const accounts = await claimDueAccounts(tx, 'expiry', now.toString(), maxCustomers);
  if (accounts.length === 0) return 0;
  const book = createBook('clock', now);
  addAccounts(book, accounts);
  const ids = accounts.map(({ customerId }) => customerId);
  const [due, bounds] = await Promise.all([
    findLotsExpiringBy(tx, ids, book.nowMs, MAX_LOTS_PER_CUSTOMER),
    findBoundsAfter(tx, ids, book.nowMs),
  ]);
  addLots(book, due);
  for (const { customerId, nextExpiryMs, nextUnnoticedMs } of bounds) {
    const account = accountOf(book, customerId);
    const lots = book.lots.get(customerId)?.size ?? 0;
    expireDue(book, account);
    if (lots < MAX_LOTS_PER_CUSTOMER) account.nextExpiryMs = nextExpiryMs;
    if (account.nextExpiryMs === null) account.lastExpiryMs = null;
    account.nextUnnoticedMs = nextUnnoticedMs;
  }
  await Promise.all([saveBook(tx, book, now.toString()), emit(tx, eventsOf(book))]);
  return accounts.length;
};
