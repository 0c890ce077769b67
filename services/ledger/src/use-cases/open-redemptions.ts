import type { Tx } from '@vafa/bus';
import type { Clock } from '@vafa/kernel';
import type { Account } from '../domain/account.ts';
import { type Allocation, addAccounts, addLots, type Book, createBook } from '../domain/book.ts';
import { returnsOf } from '../domain/programme.ts';
import type { Reservation } from '../domain/reservation.ts';
import { lockAccounts, lockFreeAccounts } from '../store/accounts.ts';
import { findAllocations } from '../store/allocations.ts';
import { findLotsHeldBy, findOpenLots } from '../store/lots.ts';
import { lockReservations } from '../store/reservations.ts';
import type { Rules } from './current-programme.ts';
import { findRefundedOrders, type RefundedOrder } from './find-refunded-orders.ts';
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

/** Loads what reservations hold, under lock. Their customers' accounts are locked. */
const openReservations = async (tx: Tx, ends: readonly End[], rules: Rules) => {
  const ids = [...new Set(ends.map(({ reservationId }) => reservationId))];
  if (ids.length === 0) return { reservations: [], allocations: [], lots: [], refundedOrders: new Map() };
  const { spentPoints } = returnsOf(rules.programme);
  const paid = ends.flatMap(({ customerId, orderId, spend }) =>
    spentPoints === 'none' || spend === 'none' || orderId === null ? [] : [{ customerId, orderId }],
  );
  const [reservations, allocations, lots, refundedOrders] = await Promise.all([
    lockReservations(tx, ids),
    findAllocations(tx, ids),
    findLotsHeldBy(tx, ids),
    findRefundedOrders(tx, paid),
  ]);
  return { reservations, allocations, lots, refundedOrders };
};

/** Accounts whose points past their time must be let go: who holds, and whose points are kept by spending some. */
const toBeSettled = (accounts: readonly Account[], wanted: ReadonlyMap<string, number>, rules: Rules): Account[] =>
  rules.keptAliveBy.redemption ? [...accounts] : accounts.filter(({ customerId }) => wanted.has(customerId));

const lock = async (tx: Tx, customers: readonly string[], patient: boolean) => {
  if (customers.length > 0 && !patient) return lockFreeAccounts(tx, customers);
  return { accounts: customers.length > 0 ? await lockAccounts(tx, customers) : [], locked: new Set<string>() };
};

/**
 * Locks the accounts that commands are about in the order of their ids, then their reservations in the order of theirs, and
 * loads the lots that they may need: all but the first are sent at once. An account that does not exist is not made.
 * @throws AppError unavailable when a customer was merged at this moment, or has more to expire than can be done here
 */
export const openRedemptions = async (
  tx: Tx,
  meant: readonly Meant[],
  rules: Rules,
  { clock, patient }: { clock: Clock; patient: boolean },
): Promise<OpenedRedemptions> => {
  const customers = [...new Set(meant.map(({ customerId }) => customerId))];
  const { accounts, locked } = await lock(tx, customers, patient);
  // Not before: others may have been waited for.
  const now = clock.now();
  const free = meant.filter(({ customerId }) => !locked.has(customerId));
  const holds = free.filter((each) => each.kind === 'hold');
  const ends = free.filter((each) => each.kind === 'end');
  const book = createBook('api', now);
  addAccounts(book, accounts);
  const wanted = pointsHeldBy(holds.filter(({ customerId }) => book.accounts.has(customerId)));
  const [{ reservations, allocations, lots, refundedOrders }, , open] = await Promise.all([
    openReservations(tx, ends, rules),
    loadDueLots(tx, book, toBeSettled(accounts, wanted, rules)),
    wanted.size > 0 ? findOpenLots(tx, wanted, book.nowMs) : [],
  ]);
  addLots(book, [...lots, ...open]);
  return {
    ...{ now, rules, book, locked, refundedOrders },
    reservations: new Map(reservations.map((reservation) => [reservation.id, reservation])),
    allocations: Map.groupBy(allocations, ({ ownerId }) => ownerId),
  };
};
