import { emit, type Tx } from '@vafa/bus';
import { AppError, present } from '@vafa/kernel';
import { type Account, booked } from '../domain/account.ts';
import { type Allocation, addAccounts, addLots, type Book, createBook } from '../domain/book.ts';
import { giveBackLate } from '../domain/give-back.ts';
import { returnsOf } from '../domain/programme.ts';
import { capture, type Reservation, release, requireOpen } from '../domain/reservation.ts';
import { lockAccounts } from '../store/accounts.ts';
import { findAllocations } from '../store/allocations.ts';
import { findLots, findLotsHeldBy } from '../store/lots.ts';
import { saveGivenBack } from '../store/payments.ts';
import { keepPlans } from '../store/plans.ts';
import { closeReservations, findReservation, lockReservations } from '../store/reservations.ts';
import { saveBook } from '../store/save-book.ts';
import { type AccountView, viewOf } from './account-view.ts';
import type { CurrentRules } from './current-programme.ts';
import { findRefundedOrder } from './find-refunded-order.ts';
import { keepAliveByRedemption } from './keep-alive.ts';
import { eventsOf, releasedEvent } from './points-events.ts';
import type { Call } from './reserve-points.ts';

export interface Captured {
  reservationId: string;
  /** The transfer that spent the points. */
  entryId: string;
  capturedPoints: number;
  releasedPoints: number;
  /** Of the captured ones: given back at once, as the order was refunded before. Not given = 0. */
  givenBackPoints?: number;
  balance: AccountView;
}

export interface Released {
  reservationId: string;
  releasedPoints: number;
  balance: AccountView;
}

interface Opened {
  book: Book;
  account: Account;
  reservation: Reservation;
  allocations: Allocation[];
}

export const reservationNotFound = (): AppError =>
  new AppError('not_found', 'ledger.reservation_not_found', 'there is no reservation of this id');

/** Locks a reservation that was found, and loads what it holds: all sent at once, in this order. */
const open = async (tx: Tx, found: Reservation | undefined, now: Temporal.Instant): Promise<Opened> => {
  if (!found) throw reservationNotFound();
  // Accounts are locked before reservations, here as everywhere.
  const [[account], [reservation], allocations, lots] = await Promise.all([
    lockAccounts(tx, [found.customerId]),
    lockReservations(tx, [found.id]),
    findAllocations(tx, [found.id]),
    findLotsHeldBy(tx, found.id),
  ]);
  if (!account || reservation?.customerId !== account.customerId)
    throw new AppError(
      'unavailable',
      'ledger.customer_changed_meanwhile',
      'the customer was changed at the same moment, try again',
    );
  const book = createBook('api', now);
  addAccounts(book, [account]);
  addLots(book, lots);
  return { book, account, reservation, allocations };
};

/**
 * Spends a reservation, all of it or a part; the rest is given back. If its order was refunded before, so is what the programme
 * gives back with refunds.
 * @throws AppError not_found `ledger.reservation_not_found`, conflict `ledger.reservation_closed`, rejected
 * `ledger.capture_exceeds_reservation`
 */
export const captureReservation = async (
  tx: Tx,
  command: { reservationId: string; points?: number },
  call: Call,
  deps: { currentRules: CurrentRules },
): Promise<Captured> => {
  const [rules, , found] = await Promise.all([
    deps.currentRules(tx),
    keepPlans(tx),
    findReservation(tx, command.reservationId),
  ]);
  const { spentPoints } = returnsOf(rules.programme);
  const { book, account, reservation, allocations } = await open(tx, found, call.now);
  const { customerId, orderId } = reservation;
  const refunded = spentPoints === 'none' ? undefined : await findRefundedOrder(tx, customerId, orderId);
  const points = command.points ?? reservation.points;
  const now = call.now.toString();
  const references = {
    occurredAt: now,
    actor: call.actor,
    ...(call.traceparent ? { traceparent: call.traceparent } : {}),
  };
  const transfer = capture(book, account, reservation, allocations, points, references);
  const releasedPoints = reservation.points - points;
  const givenBack = refunded ? giveBackLate(book, account, transfer, allocations, refunded, spentPoints) : 0;
  const rest =
    releasedPoints > 0
      ? [releasedOf(account, reservation, releasedPoints, 'captured in part', now, call.traceparent)]
      : [];
  const written = Promise.all([
    closeReservations(tx, [reservation], now),
    saveBook(tx, book, now),
    givenBack > 0 ? saveGivenBack(tx, [{ reservationId: reservation.id, givenBack }]) : undefined,
  ]);
  const settled = await keepAliveByRedemption(tx, rules, account.customerId, call.now, written);
  await Promise.all([written, emit(tx, [...eventsOf(book), ...rest, ...settled])]);
  return {
    reservationId: reservation.id,
    entryId: transfer.id,
    capturedPoints: points,
    releasedPoints,
    ...(givenBack > 0 ? { givenBackPoints: givenBack } : {}),
    balance: viewOf(account),
  };
};

const releasedOf = (
  account: Account,
  { id, customerId }: Reservation,
  points: number,
  reason: string,
  now: string,
  traceparent?: string,
) => releasedEvent({ reservationId: id, customerId, points, balanceAfter: booked(account), reason }, now, traceparent);

/**
 * Gives a reservation back.
 * @throws AppError not_found `ledger.reservation_not_found`, conflict `ledger.reservation_closed`
 */
export const releaseReservation = async (tx: Tx, reservationId: string, call: Call): Promise<Released> => {
  const [, found] = await Promise.all([keepPlans(tx), findReservation(tx, reservationId)]);
  const { book, account, reservation, allocations } = await open(tx, found, call.now);
  requireOpen(reservation, book.nowMs);
  release(book, account, reservation, allocations, 'released');
  const now = call.now.toString();
  const told = releasedOf(account, reservation, reservation.points, 'released', now, call.traceparent);
  await Promise.all([closeReservations(tx, [reservation], now), saveBook(tx, book, now), emit(tx, [told])]);
  return { reservationId, releasedPoints: reservation.points, balance: viewOf(account) };
};

/**
 * Gives back the given reservations if their time is up and they are still open; accounts are locked in the order of
 * customers. Returns how many it closed.
 */
export const releaseOverdue = async (
  tx: Tx,
  overdue: readonly { id: string; customerId: string }[],
  now: Temporal.Instant,
): Promise<number> => {
  const book = createBook('clock', now);
  addAccounts(book, await lockAccounts(tx, [...new Set(overdue.map(({ customerId }) => customerId))]));
  const reservations = (
    await lockReservations(
      tx,
      overdue.map(({ id }) => id),
    )
  ).filter(({ status, customerId }) => status === 'held' && book.accounts.has(customerId));
  if (reservations.length === 0) return 0;
  const allocations = await findAllocations(
    tx,
    reservations.map(({ id }) => id),
  );
  addLots(book, await findLots(tx, [...new Set(allocations.map(({ lotId }) => lotId))]));
  const time = now.toString();
  const events = reservations.map((reservation) => {
    const account = present(book.accounts.get(reservation.customerId), 'locked account');
    const own = allocations.filter(({ ownerId }) => ownerId === reservation.id);
    release(book, account, reservation, own, 'timed_out');
    return releasedOf(account, reservation, reservation.points, 'timed out', time);
  });
  await Promise.all([closeReservations(tx, reservations, time), saveBook(tx, book, time)]);
  await emit(tx, events);
  return reservations.length;
};
