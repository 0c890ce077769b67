import type { Account } from './account.ts';
import { type Book, post, touchLot } from './book.ts';
import { happenedAtMs } from './entry-id.ts';
import type { ExpiryOf } from './expiry-policy.ts';
import type { Lot } from './lot.ts';
import type { Transfer } from './transfer.ts';

const isoOf = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString();

/** The customer's lots in the book whose points are pending, earliest instant first. */
export const pendingLots = (book: Book, customerId: string): Lot[] =>
  [...(book.lots.get(customerId)?.values() ?? [])]
    .filter(({ pending }) => pending > 0)
    .sort((a, b) => (a.pendingUntilMs ?? 0) - (b.pendingUntilMs ?? 0) || (a.id < b.id ? -1 : 1));

/** Makes the points of a pending lot spendable; what is owed is paid off first. */
export const activateLot = (book: Book, account: Account, lot: Lot, atMs: number, traceparent?: string): Transfer => {
  const points = lot.pending;
  const absorbed = Math.min(account.deficit, points);
  lot.pending = 0;
  lot.remaining = points - absorbed;
  lot.absorbed += absorbed;
  lot.pendingUntilMs = null;
  lot.awaits = null;
  lot.activatedMs = atMs;
  account.pending -= points;
  account.deficit -= absorbed;
  account.active += points - absorbed;
  touchLot(book, account, lot);
  return post(book, account, {
    ...{ kind: 'activate', points, occurredAt: isoOf(atMs), naturalKey: [lot.id], lotId: lot.id },
    ...(traceparent === undefined ? {} : { traceparent }),
  });
};

/** Lets the points of a lot go whose awaited interaction did not come in time. */
const lapse = (book: Book, account: Account, lot: Lot, atMs: number): Transfer => {
  const points = lot.pending;
  const naturalKey = [lot.id, String(lot.expired)];
  lot.pending = 0;
  lot.expired += points;
  lot.pendingUntilMs = null;
  account.pending -= points;
  touchLot(book, account, lot);
  return post(book, account, {
    ...{ kind: 'expire', account: 'pending', points: -points, occurredAt: isoOf(atMs), naturalKey, lotId: lot.id },
  });
};

/** Settles every pending lot whose time has come: spendable, or lost where an interaction was awaited in vain. */
export const settlePending = (book: Book, account: Account): Transfer[] =>
  pendingLots(book, account.customerId).flatMap((lot) => {
    const atMs = lot.pendingUntilMs;
    if (atMs === null || atMs > book.nowMs) return [];
    return lot.awaits === null ? activateLot(book, account, lot, atMs) : lapse(book, account, lot, atMs);
  });

/**
 * Makes spendable what awaited an interaction of this type; the clock of expiry starts now. What was won after the interaction,
 * or lost for want of one before it, did not await this one.
 */
export const activateAwaited = (
  book: Book,
  account: Account,
  interaction: { type: string; atMs: number; traceparent?: string | undefined },
  expiryOf: ExpiryOf,
): Transfer[] =>
  pendingLots(book, account.customerId)
    .filter(({ awaits }) => awaits === interaction.type)
    .filter(
      ({ id, pendingUntilMs }) => happenedAtMs(id) <= interaction.atMs && interaction.atMs < (pendingUntilMs ?? 0),
    )
    .map((lot) => {
      lot.expiresAtMs = expiryOf(interaction.atMs);
      lot.noticed = lot.expiresAtMs !== null && lot.expiresAtMs <= book.nowMs;
      return activateLot(book, account, lot, interaction.atMs, interaction.traceparent);
    });
