import { emit, type Tx } from '@vafa/bus';
import { pendingLots, settlePending } from '../domain/activate.ts';
import { accountOf, addAccounts, addLots, createBook } from '../domain/book.ts';
import { claimDueAccounts } from '../store/due-accounts.ts';
import { findNextActivations, findPendingBy } from '../store/lots.ts';
import { saveBook } from '../store/save-book.ts';
import { eventsOf } from './points-events.ts';

/** Lots of one customer per portion; the account stays due until all are done. */
const MAX_LOTS_PER_CUSTOMER = 500;

/**
 * Makes one portion of pending points spendable whose time has come, and lets those go that awaited an interaction in vain.
 * The ids of the transfers follow from the lots, so a run that is repeated books nothing twice. Returns how many accounts it
 * went through; 0 = nothing is due.
 */
export const settleDuePending = async (tx: Tx, now: Temporal.Instant, maxCustomers: number): Promise<number> => {
  const accounts = await claimDueAccounts(tx, 'activation', now.toString(), maxCustomers);
  if (accounts.length === 0) return 0;
  const book = createBook('clock', now);
  addAccounts(book, accounts);
  const ids = accounts.map(({ customerId }) => customerId);
  const [due, bounds] = await Promise.all([
    findPendingBy(tx, ids, book.nowMs, MAX_LOTS_PER_CUSTOMER),
    findNextActivations(tx, ids, book.nowMs),
  ]);
  addLots(book, due);
  for (const { customerId, nextActivationMs } of bounds) {
    const account = accountOf(book, customerId);
    const lots = pendingLots(book, customerId).length;
    settlePending(book, account);
    if (lots < MAX_LOTS_PER_CUSTOMER) account.nextActivationMs = nextActivationMs;
  }
  await saveBook(tx, book, now.toString());
  await emit(tx, eventsOf(book));
  return accounts.length;
};
