import { present } from '@vafa/kernel';
import type { Account } from './account.ts';
import { type Book, post, touchLot } from './book.ts';
import { happenedAtMs } from './entry-id.ts';
import { keepByActivity, slidesIn } from './kept-by-activity.ts';
import type { Lot } from './lot.ts';
import type { Expiring, ExpiringOf } from './terms.ts';
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

/**
 * What is owed is paid off by what became spendable before anything that comes now, the sweep been by or not: which lot pays decides
 * which expiry the points have that are left. Nothing is done for who owes nothing; the lots are in the book.
 */
export const payOffByRipe = (book: Book, account: Account): void => {
  if (account.deficit === 0) return;
  for (const lot of pendingLots(book, account.customerId)) {
    const { awaits, pendingUntilMs } = lot;
    if (awaits === null && pendingUntilMs !== null && pendingUntilMs <= book.nowMs)
      activateLot(book, account, lot, pendingUntilMs);
  }
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

/** Something that a customer did. */
export interface Interaction {
  type: string;
  /** Milliseconds since 1970. */
  atMs: number;
  /** The order that it was about; null = none in particular. */
  orderId: string | null;
}

/** That what a lot awaits was done, and when its points expire for that. */
export interface Fulfilled extends Expiring {
  /** Milliseconds since 1970. */
  atMs: number;
}

/** Makes spendable what awaited an interaction, as of when that was done; the clock of expiry starts then. */
export const fulfil = (
  book: Book,
  account: Account,
  lot: Lot,
  fulfilled: Fulfilled,
  traceparent?: string,
): Transfer => {
  const { atMs, expiresAtMs } = fulfilled;
  payOffByRipe(book, account);
  lot.expiresAtMs = expiresAtMs;
  lot.slides = slidesIn(account, fulfilled);
  lot.noticed = expiresAtMs !== null && expiresAtMs <= book.nowMs;
  keepByActivity(account, lot);
  return activateLot(book, account, lot, atMs, traceparent);
};

/**
 * From when on an interaction is what points awaited that were won at an instant: what an order earned awaits what is done with it
 * or after it, an award, which may be for an interaction, what is done after it.
 */
export const awaitsFromMs = (wonAtMs: number, orderId: string | null): number =>
  orderId === null ? wonAtMs + 1 : wonAtMs;

/** Is the interaction what the lot awaits? What was won after it, or lost for want of one before it, did not await this one. */
const isAwaited = ({ id, awaits, pendingUntilMs, entry }: Lot, { type, atMs, orderId }: Interaction): boolean => {
  const own = present(entry, 'entry of a lot that awaits something').orderId;
  return (
    awaits === type &&
    (orderId === null || orderId === own) &&
    awaitsFromMs(happenedAtMs(id), own) <= atMs &&
    atMs < (pendingUntilMs ?? 0)
  );
};

/** Makes spendable what awaited this interaction; `expiringOf` tells when what a rule (null = none) brought expires from now on. */
export const activateAwaited = (
  book: Book,
  account: Account,
  interaction: Interaction & { traceparent?: string | undefined },
  expiringOf: (ruleId: string | null) => ExpiringOf,
): Transfer[] =>
  pendingLots(book, account.customerId)
    .filter((lot) => isAwaited(lot, interaction))
    .map((lot) => {
      const { atMs, traceparent } = interaction;
      const expiring = expiringOf(lot.entry?.ruleId ?? null)(atMs);
      return fulfil(book, account, lot, { atMs, ...expiring }, traceparent);
    });
