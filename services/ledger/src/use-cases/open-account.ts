import { keepPlans, type Tx } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import type { Account } from '../domain/account.ts';
import { addAccounts, addLots, type Book, createBook } from '../domain/book.ts';
import { settleDue } from '../domain/plan.ts';
import type { Door } from '../domain/transfer.ts';
import { changedMeanwhile, lockOrOpenAccounts, resolveCustomer } from '../store/accounts.ts';
import { findLotsExpiringBy, findPendingBy } from '../store/lots.ts';

/** More lots than this that are past their expiry are left to the sweep, which is at work then. */
const MAX_DUE_LOTS = 50_000;

/**
 * Loads into the book the lots of locked accounts whose time has come: to become spendable, or to go.
 * @throws AppError unavailable when a customer has more to expire than can be done here
 */
export const loadDueLots = async (tx: Tx, book: Book, accounts: readonly Account[]): Promise<void> => {
  const isDue = (boundMs: number | null): boolean => boundMs !== null && boundMs <= book.nowMs;
  const idsOf = (due: (account: Account) => boolean): string[] =>
    accounts.filter(due).map(({ customerId }) => customerId);
  const ripening = idsOf(({ nextActivationMs }) => isDue(nextActivationMs));
  const expiring = idsOf(({ nextExpiryMs }) => isDue(nextExpiryMs));
  const [ripe, due] = await Promise.all([
    ripening.length > 0 ? findPendingBy(tx, ripening, book.nowMs, MAX_DUE_LOTS) : [],
    expiring.length > 0 ? findLotsExpiringBy(tx, expiring, book.nowMs, MAX_DUE_LOTS) : [],
  ]);
  const perCustomer = Map.groupBy(due, ({ customerId }) => customerId);
  if ([...perCustomer.values()].some((lots) => lots.length === MAX_DUE_LOTS))
    throw new AppError('unavailable', 'ledger.expiry_under_way', "the customer's points are expiring, try again", {
      retryAfterSeconds: 1,
    });
  addLots(book, [...ripe, ...due]);
};

/**
 * Loads into the book the lots that are to pay off what locked accounts owe before anything else does: pending ones whose time has come
 * (see `payOffByRipe`). Nothing is read where nothing is owed, or nothing is due.
 */
export const loadRipeOfOwing = async (tx: Tx, book: Book, accounts: readonly Account[]): Promise<void> => {
  const owing = accounts.filter(
    ({ deficit, nextActivationMs }) => deficit > 0 && nextActivationMs !== null && nextActivationMs <= book.nowMs,
  );
  if (owing.length === 0) return;
  const customerIds = owing.map(({ customerId }) => customerId);
  const ripe = await findPendingBy(tx, customerIds, book.nowMs, MAX_DUE_LOTS);
  addLots(
    book,
    ripe.filter(({ awaits }) => awaits === null),
  );
};

/**
 * Locks the account of a customer (of the one it was merged into), makes spendable what has waited long enough and lets go
 * what is past its expiry, so that nothing depends on whether the sweep has been by.
 * @throws AppError unavailable when the customer was merged, or who it had been merged into erased, at this moment, or has more to
 * expire than can be done here
 */
export const openAccount = async (
  tx: Tx,
  door: Door,
  now: Temporal.Instant,
  customerId: string,
): Promise<{ book: Book; account: Account }> => {
  const [, owner] = await Promise.all([keepPlans(tx), resolveCustomer(tx, customerId)]);
  const [found] = await lockOrOpenAccounts(tx, [owner]);
  const account = present(found, 'opened account');
  // Whose owner was erased meanwhile has none any more: the account was made anew under a name that is to be forgotten.
  if (account.seq === 0 && owner !== customerId && (await resolveCustomer(tx, customerId)) !== owner)
    throw changedMeanwhile();
  const book = createBook(door, now);
  addAccounts(book, [account]);
  await loadDueLots(tx, book, [account]);
  settleDue(book, account);
  return { book, account };
};
