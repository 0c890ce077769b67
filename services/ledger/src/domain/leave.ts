import { type Account, earlierMs, laterMs } from './account.ts';
import { type Book, post, touchLot } from './book.ts';
import { openLots, takeFrom } from './spend.ts';
import { CUSTOMER, type CustomerAccount, PENDING, type Transfer } from './transfer.ts';

/** The transfers that forfeited what an account had, where it had anything. */
export interface Forfeited {
  active: Transfer | undefined;
  pending: Transfer | undefined;
}

/** Lets go what a customer owes who is erased: nobody will pay it off. Nothing when nothing is owed. */
export const writeOff = (book: Book, account: Account, occurredAt: string): void => {
  const points = account.deficit;
  if (points === 0) return;
  // A customer may come back under the same id and be erased again: the number of transfers tells the times apart.
  const naturalKey = [account.customerId, String(account.seq)];
  account.deficit = 0;
  post(book, account, { kind: 'write_off', points, occurredAt, naturalKey });
};

/**
 * Takes what is left of an account when its customer is erased: points are forfeited, pending ones too, a deficit is
 * written off. The lots are emptied by the caller.
 */
export const forfeit = (book: Book, account: Account, occurredAt: string): Forfeited => {
  writeOff(book, account, occurredAt);
  const { active, pending } = account;
  const naturalKey = [account.customerId, String(account.seq)];
  account.active = 0;
  const lose = (points: number, own: CustomerAccount): Transfer | undefined =>
    points === 0
      ? undefined
      : post(book, account, {
          ...{ kind: 'forfeit', account: own, points: -points, occurredAt, naturalKey: [...naturalKey, own] },
        });
  const ofActive = lose(active, CUSTOMER);
  account.pending = 0;
  return { active: ofActive, pending: lose(pending, PENDING) };
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
  const { pending } = from;
  // Who was erased since may have come back under the same id, and the same merge be told again: its moment tells the two apart.
  const naturalKey = [from.customerId, into.customerId, String(from.seq), String(book.nowMs)];
  into.active += from.active;
  into.reserved += from.reserved;
  into.deficit += from.deficit;
  // What is told of the one from now on is told of both: what comes back of what the other had spent counts there, too.
  into.formerEarned += from.earned + from.formerEarned;
  into.formerSpent += from.spent + from.formerSpent;
  into.formerExpired += from.expired + from.formerExpired;
  into.nextExpiryMs = earlierMs(into.nextExpiryMs, from.nextExpiryMs);
  into.lastExpiryMs = laterMs(into.lastExpiryMs, from.lastExpiryMs);
  into.nextUnnoticedMs = earlierMs(into.nextUnnoticedMs, from.nextUnnoticedMs);
  into.nextActivationMs = earlierMs(into.nextActivationMs, from.nextActivationMs);
  into.slidesUntilMs = laterMs(into.slidesUntilMs, from.slidesUntilMs);
  into.nextClosingMs = earlierMs(into.nextClosingMs, from.nextClosingMs);
  Object.assign(from, { active: 0, reserved: 0, deficit: 0 });
  Object.assign(from, { nextExpiryMs: null, lastExpiryMs: null, nextUnnoticedMs: null });
  Object.assign(from, { nextActivationMs: null, slidesUntilMs: null, nextClosingMs: null });
  payOff(book, into);
  const pair = (giver: Account, taker: Account, amount: number, account: CustomerAccount, key: string[]): void => {
    const out = post(book, giver, { kind: 'transfer_out', account, points: -amount, occurredAt, naturalKey: key });
    const arrived = post(book, taker, { kind: 'transfer_in', account, points: amount, occurredAt, naturalKey: key });
    out.pairId = arrived.id;
    arrived.pairId = out.id;
  };
  if (points > 0) pair(from, into, points, CUSTOMER, naturalKey);
  if (points < 0) pair(into, from, -points, CUSTOMER, naturalKey);
  if (pending === 0) return;
  from.pending = 0;
  into.pending += pending;
  pair(from, into, pending, PENDING, [...naturalKey, PENDING]);
};
