import type { Tx } from '@vafa/bus';
import type { Clock } from '@vafa/kernel';
import { type Allocation, addAccounts, addLots, type Book, createBook } from '../domain/book.ts';
import { returnsOf } from '../domain/programme.ts';
import type { Reservation } from '../domain/reservation.ts';
import { lockAccounts, lockFreeAccounts } from '../store/accounts.ts';
import { findAllocations } from '../store/allocations.ts';
import { findClaimsOn } from '../store/held-claims.ts';
import { findLotsHeldBy, findOpenLots } from '../store/lots.ts';
import { lockReservations } from '../store/reservations.ts';
import type { Rules } from './current-programme.ts';
import { findRefundedOrders, type PaidBy, type RefundedOrder } from './find-refunded-orders.ts';
import { loadDueLots } from './open-account.ts';
import type { End, Hold, Meant } from './understand-redemption.ts';

/** What commands are decided with: everything that they may change, locked. */
export interface OpenedRedemptions {
  now: Temporal.Instant;
  rules: Rules;
  /** Customers whose accounts somebody else has locked, where these are not waited for. */
  locked: ReadonlySet<string>;
  book: Book;
  reservations: ReadonlyMap<string, Reservation>;
  allocations: ReadonlyMap<string, Allocation[]>;
  /** Paid by one of the reservations and refunded in part or whole, by order. */
  refundedOrders: ReadonlyMap<string, RefundedOrder>;
}

/** Points that are to be held, by customer. */
const pointsHeldBy = (holds: readonly Hold[]): Map<string, number> => {
  const wanted = new Map<string, number>();
  for (const { customerId, points } of holds) wanted.set(customerId, (wanted.get(customerId) ?? 0) + points);
  return wanted;
};

/** Loads what reservations hold, under lock. */
const openReservations = async (tx: Tx, ends: readonly End[], patient: boolean) => {
  const ids = [...new Set(ends.map(({ reservationId }) => reservationId))];
  if (ids.length === 0) return { reservations: [], allocations: [], lots: [] };
  const [reservations, allocations, lots] = await Promise.all([
    lockReservations(tx, ids, patient),
    findAllocations(tx, ids),
    findLotsHeldBy(tx, ids),
  ]);
  return { reservations, allocations, lots };
};

/** Orders that points are spent on, where refunds give spent points back. */
const paidBy = (ends: readonly End[], { programme }: Rules): PaidBy[] =>
  returnsOf(programme).spentPoints === 'none'
    ? []
    : ends.flatMap(({ customerId, orderId, spend }) =>
        spend === 'none' || orderId === null ? [] : [{ customerId, orderId }],
      );

const lock = async (tx: Tx, customers: readonly string[], patient: boolean) => {
  if (customers.length > 0 && !patient) return lockFreeAccounts(tx, customers);
  return { accounts: customers.length > 0 ? await lockAccounts(tx, customers) : [], locked: new Set<string>() };
};

/**
 * Locks the accounts that commands are about in the order of their ids, then their reservations in the order of theirs, and
 * loads the lots that they may need. All is sent at once: what is read after the locks sees what those before have committed, and
 * what turns out to be of accounts that others have is left out. An account that does not exist is not made.
 * @throws AppError unavailable when a customer was merged at this moment, or has more to expire than can be done here
 */
export const openRedemptions = async (
  tx: Tx,
  meant: readonly Meant[],
  rules: Rules,
  { clock, patient }: { clock: Clock; patient: boolean },
): Promise<OpenedRedemptions> => {
  const customers = [...new Set(meant.map(({ customerId }) => customerId))];
  const holds = meant.filter((each) => each.kind === 'hold');
  const ends = meant.filter((each) => each.kind === 'end');
  const wanted = pointsHeldBy(holds);
  const [{ accounts, locked }, held, open] = await Promise.all([
    lock(tx, customers, patient),
    openReservations(tx, ends, patient),
    wanted.size > 0 ? findOpenLots(tx, wanted, clock.now().epochMilliseconds) : [],
  ]);
  // Not before: others may have been waited for.
  const now = clock.now();
  const book = createBook('api', now);
  addAccounts(book, accounts);
  const reservations = new Map(held.reservations.map((reservation) => [reservation.id, reservation]));
  if (!patient)
    for (const { reservationId, customerId } of ends) if (!reservations.has(reservationId)) locked.add(customerId);
  const isMine = ({ customerId }: { customerId: string }): boolean =>
    book.accounts.has(customerId) && !locked.has(customerId);
  const mine = accounts.filter(isMine);
  // Of those some lots may have expired since they were looked for.
  const due = mine.filter(({ nextExpiryMs }) => nextExpiryMs !== null && nextExpiryMs <= book.nowMs);
  const again = new Map([...wanted].filter(([customerId]) => due.some((account) => account.customerId === customerId)));
  const [refundedOrders, , reopened, claims] = await Promise.all([
    findRefundedOrders(tx, paidBy(ends.filter(isMine), rules)),
    loadDueLots(tx, book, mine),
    again.size > 0 ? findOpenLots(tx, again, book.nowMs) : [],
    findClaimsOn(tx, held.reservations.filter(isMine)),
  ]);
  book.heldClaims.push(...claims);
  const fresh = open.filter((lot) => isMine(lot) && !again.has(lot.customerId));
  addLots(book, [...held.lots.filter(isMine), ...fresh, ...reopened]);
  return {
    ...{ now, rules, book, locked, refundedOrders, reservations },
    allocations: Map.groupBy(held.allocations, ({ ownerId }) => ownerId),
  };
};
