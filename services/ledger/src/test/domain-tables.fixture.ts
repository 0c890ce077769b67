import { assert } from '@vafa/kernel';
import { type Account, assertBalanced, emptyAccount } from '../domain/account.ts';
import { awaitsFromMs, type Fulfilled, type Interaction } from '../domain/activate.ts';
import { type Allocation, addAccounts, addLots, type Book, createBook } from '../domain/book.ts';
import type { Payment } from '../domain/give-back.ts';
import type { HeldClaim } from '../domain/held-claims.ts';
import type { Lot } from '../domain/lot.ts';
import type { Order } from '../domain/order.ts';
import { ERASED_PREFIX, isNobody } from '../domain/plan.ts';
import type { RefundCase } from '../domain/refund-case.ts';
import type { Reservation } from '../domain/reservation.ts';
import type { Counter } from '../domain/rules/caps.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import type { ExpiringOf } from '../domain/terms.ts';
import type { Transfer } from '../domain/transfer.ts';
import type { WonPoints } from '../use-cases/find-fulfilled.ts';
import type { ReadPurchase, ReadRefund } from '../use-cases/read-batch.ts';

/** Plain maps and arrays in the place of tables. */
export const createDomainTables = () => {
  const accounts = new Map<string, Account>();
  const lots: Lot[] = [];
  const transfers: Transfer[] = [];
  const heldClaims: HeldClaim[] = [];
  const clock = { now: Temporal.Instant.fromEpochMilliseconds(0) };
  const mergedInto = new Map<string, string>();
  const erasedMs = new Map<string, number>();
  let nobodies = 0;

  const newNobody = (): string => `${ERASED_PREFIX}${nobodies++}`;
  const isLate = (customerId: string, atMs: number): boolean => atMs <= (erasedMs.get(customerId) ?? -Infinity);
  const ownerOf = (customerId: string): string => mergedInto.get(customerId) ?? customerId;
  return {
    ...{ accounts, lots, transfers, clock, mergedInto, erasedMs, newNobody, isLate, ownerOf },
    orders: new Map<string, Order>(),
    /** What each said; those that were refused may come again. */
    refunds: new Map<string, { contentHash: string; refused: boolean }>(),
    refundedWhole: new Set<string>(),
    waiting: [] as RefundCase[],
    /** Those without a reference that lack something; their time may be up. */
    open: [] as RefundCase[],
    reservations: new Map<string, { reservation: Reservation; allocations: Allocation[] }>(),
    payments: [] as Payment[],
    facts: new Map<string, CustomerFacts>(),
    birthdays: new Map<string, { birthDate: string; nextMs: number }>(),
    /** Birthdays that were given, under the names that customers had then. */
    birthdaysHad: [] as { name: string; ruleId: string; year: number; startMs: number }[],
    /** Keys of awards that no order brought. */
    awarded: new Set<string>(),
    counters: new Map<string, Counter>(),
    visits: [] as (Interaction & { customerId: string })[],
    heldClaims,
    grants: new Map<string, { said: string; points: number }>(),
    account: (id: string): Account => {
      const found = accounts.get(id) ?? emptyAccount(id);
      accounts.set(id, found);
      return found;
    },
    /** Whose an event of this time is. */
    resolve: (customerId: string, atMs: number): string =>
      isLate(customerId, atMs) ? newNobody() : ownerOf(customerId),
    withBook: <Result>(work: (book: Book) => Result): Result => {
      const book = createBook('api', clock.now);
      addAccounts(book, accounts.values());
      addLots(book, lots);
      book.heldClaims = heldClaims;
      const result = work(book);
      accounts.forEach(assertBalanced);
      lots.push(...book.newLots);
      transfers.push(...book.transfers);
      assert(new Set(transfers.map(({ id }) => id)).size === transfers.length, 'no two transfers have one id');
      return result;
    },
  };
};
export type DomainTables = ReturnType<typeof createDomainTables>;

export const customerOf = (step: ReadPurchase | ReadRefund): string =>
  step.kind === 'purchase' ? step.purchase.order.customerId : step.case.refund.customerId;

/** What the store finds of interactions that were told before the points that await them: when the first of them was done. */
const doneBefore = (
  { visits }: DomainTables,
  { customerId, wonAtMs, orderId, terms }: WonPoints,
): number | undefined => {
  const done = visits.filter(
    (visit) =>
      visit.customerId === customerId &&
      visit.type === terms.awaits &&
      (visit.orderId === null || visit.orderId === orderId) &&
      visit.atMs >= awaitsFromMs(wonAtMs, orderId) &&
      visit.atMs < (terms.pendingUntilMs ?? 0),
  );
  return done.length === 0 ? undefined : Math.min(...done.map(({ atMs }) => atMs));
};

/** That the interaction was told before the points that await it, if it was. */
export const fulfilledOf = (
  tables: DomainTables,
  points: WonPoints,
  expiringOf: ExpiringOf,
): { fulfilled?: Fulfilled } => {
  const atMs = doneBefore(tables, points);
  return atMs === undefined ? {} : { fulfilled: { atMs, ...expiringOf(atMs) } };
};

/** Is it new? A refund of nobody's is seen, and let go. */
export const isFresh = ({ orders, refunds }: DomainTables, step: ReadPurchase | ReadRefund): boolean => {
  if (step.kind === 'purchase') return !orders.has(step.purchase.order.orderId);
  const { contentHash } = step;
  const { refundId, customerId } = step.case.refund;
  const before = refunds.get(refundId);
  if (before && !(before.refused && before.contentHash === contentHash)) return false;
  refunds.set(refundId, { contentHash, refused: false });
  return !isNobody(customerId);
};
