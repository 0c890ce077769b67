import { type Account, earlierMs } from './account.ts';
import { type Book, post, touchLot } from './book.ts';
import { openLots, takeFrom } from './spend.ts';
import type { Transfer } from './transfer.ts';

/**
 * Takes what is left of an account when its customer is erased: points are forfeited, a deficit is written off. The lots
 * are emptied by the caller. Returns the transfer that forfeits, if there was anything.
 */
export const forfeit = (book: Book, account: Account, occurredAt: string): Transfer | undefined => {
  const { active, deficit } = account;
  // A customer may come back under the same id and be erased again: the number of transfers tells the times apart.
  const naturalKey = [account.customerId, String(account.seq)];
  account.active = 0;
  account.deficit = 0;
  if (deficit > 0) post(book, account, { kind: 'write_off', points: deficit, occurredAt, naturalKey });
  return active > 0 ? post(book, account, { kind: 'forfeit', points: -active, occurredAt, naturalKey }) : undefined;
};

/** Pays a deficit off from lots in the book, as when an account with a deficit receives lots of another. */
const payOff = (book: Book, account: Account): void => {
  const points = Math.min(account.active, account.deficit);
  for (const { lot, points: part } of takeFrom(book, account, openLots(book, account.customerId), points)) {
    lot.absorbed += part;
    account.deficit -= part;
    touchLot(book, account, lot);
  }
};

/**
 * Moves everything one account holds to another, by a transfer out of the one and a transfer into the other. The lots of
 * both that a deficit may need are in the book and belong to the receiver already.
 */
export const moveAll = (book: Book, from: Account, into: Account, occurredAt: string): void => {
  const points = from.active + from.reserved - from.deficit;
  const naturalKey = [from.customerId, into.customerId, String(from.seq)];
  into.active += from.active;
  into.reserved += from.reserved;
  into.deficit += from.deficit;
  into.nextExpiryMs = earlierMs(into.nextExpiryMs, from.nextExpiryMs);
  into.nextUnnoticedMs = earlierMs(into.nextUnnoticedMs, from.nextUnnoticedMs);
  Object.assign(from, { active: 0, reserved: 0, deficit: 0, nextExpiryMs: null, nextUnnoticedMs: null });
  payOff(book, into);
  if (points === 0) return;
  const [giver, taker] = points > 0 ? [from, into] : [into, from];
  const amount = Math.abs(points);
  const out = post(book, giver, { kind: 'transfer_out', points: -amount, occurredAt, naturalKey });
  const arrived = post(book, taker, { kind: 'transfer_in', points: amount, occurredAt, naturalKey });
  out.pairId = arrived.id;
  arrived.pairId = out.id;
};
