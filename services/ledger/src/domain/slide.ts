import { type Account, earlierMs, laterMs } from './account.ts';
import type { Book } from './book.ts';
import { keepByActivity } from './kept-by-activity.ts';

/**
 * May some of the account's points be past their time? Those that have waited long enough may have become spendable, and expired,
 * unseen. What activity has kept is found to be kept when it is looked at.
 */
export const mayHaveExpired = ({ nextActivationMs, nextExpiryMs }: Account, nowMs: number): boolean =>
  (nextActivationMs !== null && nextActivationMs <= nowMs) || (nextExpiryMs !== null && nextExpiryMs <= nowMs);

/**
 * Keeps the points of an account that slide until an instant, if they would expire earlier. What is past its time has been let go
 * before.
 * Lots in the book learn of it, as those that are loaded later do; an empty one only when points come back into it, so that it
 * does not depend on what else its transaction did.
 */
export const slide = (book: Book, account: Account, untilMs: number): void => {
  if (account.slidesUntilMs !== null && account.slidesUntilMs >= untilMs) return;
  account.slidesUntilMs = untilMs;
  if (account.nextExpiryMs !== null) {
    account.nextUnnoticedMs = earlierMs(account.nextUnnoticedMs, untilMs);
    account.lastExpiryMs = laterMs(account.lastExpiryMs, untilMs);
  }
  for (const lot of book.lots.get(account.customerId)?.values() ?? [])
    if (lot.remaining + lot.pending > 0) keepByActivity(account, lot);
};
