import type { Tx } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import { addAccounts, addLots, createBook } from '../domain/book.ts';
import { moveAll } from '../domain/leave.ts';
import type { Door } from '../domain/transfer.ts';
import { lockOrOpenAccounts, resolveCustomer } from '../store/accounts.ts';
import { giveBelongings, markMerged } from '../store/identities.ts';
import { findOpenLots } from '../store/lots.ts';
import { saveBook } from '../store/save-book.ts';

/**
 * Makes two customers one: points, lots (with their expiry), reservations, orders and refunds go to the one that lives on,
 * and later events of the other count for it. Once more changes nothing.
 * @throws AppError conflict `ledger.merged_elsewhere` when the customer was merged into yet another before
 */
export const mergeCustomers = async (
  tx: Tx,
  merge: { customerId: string; intoCustomerId: string; occurredAt: string },
  door: Door,
  now: Temporal.Instant,
): Promise<void> => {
  const from = merge.customerId;
  const into = await resolveCustomer(tx, merge.intoCustomerId);
  const already = await resolveCustomer(tx, from);
  if (from === into || already === into) return;
  if (already !== from)
    throw new AppError('conflict', 'ledger.merged_elsewhere', 'the customer was merged into another one before');
  const accounts = await lockOrOpenAccounts(tx, [from, into]);
  const find = (customerId: string) =>
    present(
      accounts.find((each) => each.customerId === customerId),
      'locked account',
    );
  const [giver, receiver] = [find(from), find(into)];
  await giveBelongings(tx, from, into);
  const book = createBook(door, now);
  addAccounts(book, accounts);
  const owed = giver.deficit + receiver.deficit;
  if (owed > 0) addLots(book, await findOpenLots(tx, new Map([[into, owed]])));
  moveAll(book, giver, receiver, merge.occurredAt);
  await saveBook(tx, book, now.toString());
  await markMerged(tx, from, into);
};
