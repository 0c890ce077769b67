import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import type { Account } from '../domain/account.ts';
import { addAccounts, createBook } from '../domain/book.ts';
import { settleDue } from '../domain/plan.ts';
import type { Door } from '../domain/transfer.ts';
import { saveBook } from '../store/save-book.ts';
import { loadDueLots } from './open-account.ts';
import { eventsOf } from './points-events.ts';

/**
 * Settles what is past its time of accounts that are locked: spendable, or gone. What comes later does not bring it back. Returns
 * what to tell.
 */
export const settleAccounts = async (
  tx: Tx,
  accounts: readonly Account[],
  door: Door,
  now: Temporal.Instant,
): Promise<EventEnvelope[]> => {
  const book = createBook(door, now);
  addAccounts(book, accounts);
  await loadDueLots(tx, book, accounts);
  for (const account of accounts) settleDue(book, account);
  if (book.transfers.length > 0) await saveBook(tx, book, now.toString());
  return eventsOf(book);
};
