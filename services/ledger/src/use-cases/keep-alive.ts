import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import type { Account } from '../domain/account.ts';
import type { Book } from '../domain/book.ts';
import { settleDue } from '../domain/plan.ts';
import { mayHaveExpired, slide } from '../domain/slide.ts';
import type { Door } from '../domain/transfer.ts';
import { lockAccounts } from '../store/accounts.ts';
import { lockForSliding, slideAccounts } from '../store/slides.ts';
import type { Rules } from './current-programme.ts';
import { settleAccounts } from './settle-accounts.ts';

/** Something that a customer did at an instant, milliseconds since 1970. */
export interface Activity {
  customerId: string;
  atMs: number;
}

/**
 * Where points slide: keeps all points of customers who were active, as long as the programme says. It writes one row per
 * customer and no lot. Returns what to tell of points that were past their time before.
 */
export const keepAlive = async (
  tx: Tx,
  rules: Rules,
  activities: readonly Activity[],
  door: Door,
  now: Temporal.Instant,
): Promise<EventEnvelope[]> => {
  const until = new Map<string, number>();
  for (const { customerId, atMs } of activities) {
    const untilMs = rules.expiryOf(atMs);
    // What was done so long ago keeps nothing.
    if (untilMs === null || untilMs <= now.epochMilliseconds) continue;
    until.set(customerId, Math.max(until.get(customerId) ?? untilMs, untilMs));
  }
  if (until.size === 0) return [];
  const due = await lockForSliding(tx, [...until.keys()], now.toString());
  const events = due.length > 0 ? await settleAccounts(tx, await lockAccounts(tx, due), door, now) : [];
  await slideAccounts(
    tx,
    [...until].map(([customerId, untilMs]) => ({ customerId, untilMs })),
  );
  return events;
};

/**
 * The same in memory, for a customer who spends points at the book's time and whose account is locked; the lots that may be
 * past their time are in the book.
 */
export const keepAliveByRedemption = (book: Book, account: Account, rules: Rules): void => {
  const untilMs = rules.keptAliveBy.redemption ? rules.expiryOf(book.nowMs) : null;
  if (untilMs === null || untilMs <= book.nowMs) return;
  if (mayHaveExpired(account, book.nowMs)) settleDue(book, account);
  slide(book, account, untilMs);
};
