import type { Tx } from '@vafa/bus';
import { assertBalanced } from '../domain/account.ts';
import type { Book } from '../domain/book.ts';
import { saveAccounts } from './accounts.ts';
import { insertAllocations, saveAllocations } from './allocations.ts';
import { saveClaims } from './held-claims.ts';
import { insertLots, keepPaidOff, saveLots } from './lots.ts';
import { sealTransfers } from './seal.ts';
import { insertTransfers } from './transfers.ts';

/**
 * Writes what became of a book and seals its transfers, one statement per table, all sent at once.
 * @throws Error when an account does not add up; AppError unavailable as `sealTransfers`
 */
export const saveBook = async (tx: Tx, book: Book, recordedAt: string): Promise<void> => {
  const accounts = [...book.accounts.values()];
  accounts.forEach(assertBalanced);
  const writes: Promise<void>[] = [];
  if (accounts.length > 0) writes.push(saveAccounts(tx, accounts));
  if (book.newLots.size > 0) writes.push(insertLots(tx, [...book.newLots]));
  const changedLots = [...book.changedLots];
  const payers = changedLots.filter(({ absorbed }) => absorbed > 0);
  if (payers.length > 0) writes.push(keepPaidOff(tx, payers, recordedAt));
  if (changedLots.length > 0) writes.push(saveLots(tx, changedLots));
  if (book.transfers.length > 0) writes.push(insertTransfers(tx, book.transfers, recordedAt));
  if (book.newAllocations.length > 0) writes.push(insertAllocations(tx, book.newAllocations));
  if (book.changedAllocations.length > 0) writes.push(saveAllocations(tx, book.changedAllocations));
  if (book.changedClaims.size > 0) writes.push(saveClaims(tx, [...book.changedClaims]));
  // Last, as it keeps a lane of the seal until the commit.
  if (book.transfers.length > 0) writes.push(sealTransfers(tx, book.door, recordedAt, book.transfers));
  await Promise.all(writes);
};
