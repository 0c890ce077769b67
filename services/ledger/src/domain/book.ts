import { present } from '@vafa/kernel';
import { type Account, assertBalanced, booked, earlierMs, laterMs } from './account.ts';
import { entryId } from './entry-id.ts';
import type { HeldClaim } from './held-claims.ts';
import { keepByActivity } from './kept-by-activity.ts';
import type { Lot } from './lot.ts';
import {
  CUSTOMER,
  type CustomerAccount,
  type Door,
  houseAccount,
  PENDING,
  type References,
  type Transfer,
  type TransferKind,
} from './transfer.ts';

/** Points that one owner (reservation or transfer) drew from one lot. */
export interface Allocation {
  ownerId: string;
  lotId: string;
  points: number;
  returned: number;
}

/**
 * The working copy of one transaction: accounts and lots as loaded under lock and changed by the deeds of this folder, and
 * what is to be written for them. Deeds change it in place; it is thrown away when the transaction fails.
 */
export interface Book {
  door: Door;
  nowMs: number;
  accounts: Map<string, Account>;
  /** Loaded and new lots by customer, then by id. */
  lots: Map<string, Map<string, Lot>>;
  newLots: Set<Lot>;
  changedLots: Set<Lot>;
  transfers: Transfer[];
  newAllocations: Allocation[];
  changedAllocations: Allocation[];
  /** What refunds are to take of the points that end here with reservations. */
  heldClaims: HeldClaim[];
  changedClaims: Set<HeldClaim>;
}

export const createBook = (door: Door, now: Temporal.Instant): Book => ({
  door,
  nowMs: now.epochMilliseconds,
  accounts: new Map(),
  lots: new Map(),
  newLots: new Set(),
  changedLots: new Set(),
  transfers: [],
  newAllocations: [],
  changedAllocations: [],
  heldClaims: [],
  changedClaims: new Set(),
});

export const addAccounts = (book: Book, accounts: Iterable<Account>): void => {
  for (const account of accounts) book.accounts.set(account.customerId, account);
};

/**
 * Adds loaded lots, as its account keeps them (see `keepByActivity`); one that is in the book already keeps its working copy.
 * The account comes first.
 */
export const addLots = (book: Book, lots: Iterable<Lot>): void => {
  for (const lot of lots) {
    const account = book.accounts.get(lot.customerId);
    if (account) keepByActivity(account, lot);
    const own = book.lots.get(lot.customerId) ?? new Map<string, Lot>();
    if (!own.has(lot.id)) own.set(lot.id, lot);
    book.lots.set(lot.customerId, own);
  }
};

export const accountOf = (book: Book, customerId: string): Account =>
  present(book.accounts.get(customerId), 'account in the book');

export const findLot = (book: Book, customerId: string, lotId: string | null): Lot | undefined =>
  lotId === null ? undefined : book.lots.get(customerId)?.get(lotId);

/** What a deed says of the transfer it makes. */
export interface Posting extends References {
  kind: TransferKind;
  /** Positive: to the customer. Never 0. */
  points: number;
  /** Which of the customer's accounts; the spendable one unless given. */
  account?: CustomerAccount;
  occurredAt: string;
  /** What makes it this one transfer of its kind, for ever. */
  naturalKey: readonly string[];
}

/** Lifetime counter of each kind, and whether gained points count up or down in it. */
const COUNTERS: Readonly<
  Record<
    Exclude<TransferKind, 'activate'>,
    ['earned' | 'clawedBack' | 'spent' | 'expired' | 'adjusted' | 'moved', 1 | -1]
  >
> = {
  earn: ['earned', 1],
  clawback: ['clawedBack', -1],
  redeem: ['spent', -1],
  redeem_reversal: ['spent', -1],
  expire: ['expired', -1],
  expire_reversal: ['expired', -1],
  adjust: ['adjusted', 1],
  transfer_out: ['moved', 1],
  transfer_in: ['moved', 1],
  forfeit: ['moved', 1],
  write_off: ['moved', 1],
};

/** The legs of a transfer: [debit, credit]. */
const legsOf = (kind: TransferKind, points: number, own: CustomerAccount, door: Door): [string, string] => {
  if (kind === 'activate') return [PENDING, CUSTOMER];
  const house = houseAccount(kind, door);
  return points > 0 ? [house, own] : [own, house];
};

/**
 * Writes one transfer. The caller has already changed the account's active, pending, reserved or deficit by the same
 * points, so that the account adds up again after it.
 */
export const post = (book: Book, account: Account, posting: Posting): Transfer => {
  const { kind, points, occurredAt, naturalKey, account: own = CUSTOMER, ...references } = posting;
  if (kind !== 'activate') {
    const [counter, direction] = COUNTERS[kind];
    account[counter] += direction * points;
  }
  account.seq += 1;
  assertBalanced(account);
  const [debit, credit] = legsOf(kind, points, own, book.door);
  const transfer: Transfer = {
    ...references,
    id: entryId(Date.parse(occurredAt), kind, ...naturalKey),
    customerId: account.customerId,
    seq: account.seq,
    kind,
    debit,
    credit,
    amount: Math.abs(points),
    balanceAfter: booked(account),
    occurredAt,
  };
  book.transfers.push(transfer);
  return transfer;
};

/** Marks a lot as changed and keeps the account's due bounds true for it. */
export const touchLot = (book: Book, account: Account, lot: Lot): void => {
  if (!book.newLots.has(lot)) book.changedLots.add(lot);
  if (lot.pending > 0) account.nextActivationMs = earlierMs(account.nextActivationMs, lot.pendingUntilMs);
  if (lot.remaining === 0 || lot.expiresAtMs === null) return;
  account.nextExpiryMs = earlierMs(account.nextExpiryMs, lot.expiresAtMs);
  account.lastExpiryMs = laterMs(account.lastExpiryMs, lot.expiresAtMs);
  if (!lot.noticed) account.nextUnnoticedMs = earlierMs(account.nextUnnoticedMs, lot.expiresAtMs);
};
