import { AppError } from '@vafa/kernel';
import type { Account } from './account.ts';
import { payOffByRipe } from './activate.ts';
import { type Allocation, type Book, post } from './book.ts';
import { collectHeld } from './collect-held.ts';
import { intoLots } from './give-back.ts';
import { allocate, requirePoints, takeAll } from './spend.ts';
import type { Transfer } from './transfer.ts';

export type ReservationStatus = 'held' | 'captured' | 'released' | 'timed_out';

/** Points held for a payment under way. */
export interface Reservation {
  id: string;
  customerId: string;
  points: number;
  captured: number;
  orderId: string | null;
  status: ReservationStatus;
  expiresAtMs: number;
}

/**
 * Holds points: their lots are taken now, so that expiry can't eat them meanwhile.
 * @throws AppError rejected `ledger.insufficient_points`
 */
export const hold = (book: Book, account: Account, reservation: Pick<Reservation, 'id' | 'points'>): Allocation[] => {
  requirePoints(account, reservation.points);
  const taken = takeAll(book, account, reservation.points);
  account.reserved += reservation.points;
  return allocate(book, reservation.id, taken);
};

/** The status of a reservation at an instant, whether or not the sweep has been by. */
export const statusAt = ({ status, expiresAtMs }: Reservation, nowMs: number): ReservationStatus =>
  status === 'held' && expiresAtMs <= nowMs ? 'timed_out' : status;

/** @throws AppError conflict `ledger.reservation_closed` */
export const requireOpen = (reservation: Reservation, nowMs: number): void => {
  const status = statusAt(reservation, nowMs);
  if (status === 'held') return;
  throw new AppError('conflict', 'ledger.reservation_closed', `the reservation is ${status.replace('_', ' ')}`, {
    reservationStatus: status,
  });
};

/**
 * Ends a reservation of which so many points are not spent: they go back into the lots they came from (see `intoLots`), and what
 * refunds are due of them is taken (see `collectHeld`).
 */
const end = (
  book: Book,
  account: Account,
  { id }: Reservation,
  allocations: readonly Allocation[],
  pointsLeft: number,
): void => {
  payOffByRipe(book, account);
  const activeBefore = account.active;
  account.reserved -= pointsLeft;
  intoLots(book, account, allocations, pointsLeft);
  collectHeld(book, account, id, allocations, account.active - activeBefore);
};

/** Ends a reservation without spending. Whether it may is the caller's to check. */
export const release = (
  book: Book,
  account: Account,
  reservation: Reservation,
  allocations: readonly Allocation[],
  status: 'released' | 'timed_out',
): void => {
  end(book, account, reservation, allocations, reservation.points);
  reservation.status = status;
};

/**
 * Spends a reservation, or a part of it; the rest is given back.
 * @throws AppError conflict `ledger.reservation_closed`, rejected `ledger.capture_exceeds_reservation`
 */
export const capture = (
  book: Book,
  account: Account,
  reservation: Reservation,
  allocations: readonly Allocation[],
  points: number,
  references: { occurredAt: string; actor: string; traceparent?: string },
): Transfer => {
  requireOpen(reservation, book.nowMs);
  if (points > reservation.points)
    throw new AppError('rejected', 'ledger.capture_exceeds_reservation', `only ${reservation.points} points are held`, {
      held: reservation.points,
      requested: points,
    });
  end(book, account, reservation, allocations, reservation.points - points);
  account.reserved -= points;
  reservation.captured = points;
  reservation.status = 'captured';
  return post(book, account, {
    ...references,
    kind: 'redeem',
    points: -points,
    naturalKey: [reservation.id],
    reservationId: reservation.id,
    ...(reservation.orderId === null ? {} : { orderId: reservation.orderId }),
  });
};
