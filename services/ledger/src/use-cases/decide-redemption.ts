import type { EventEnvelope } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { type Account, booked, emptyAccount } from '../domain/account.ts';
import { giveBackLate, type Payment } from '../domain/give-back.ts';
import { returnsOf } from '../domain/programme.ts';
import { capture, type Reservation, release, requireOpen } from '../domain/reservation.ts';
import { asSettled, settleAndHold } from '../domain/settle-and-hold.ts';
import { changedMeanwhile } from '../store/accounts.ts';
import type { PointsPayment } from '../store/points-payments.ts';
import type { NewReservation } from '../store/reservations.ts';
import { viewOf } from './account-view.ts';
import type { Caller } from './call.ts';
import { keepAliveByRedemption } from './keep-alive.ts';
import type { OpenedRedemptions } from './open-redemptions.ts';
import { eventsOf, releasedEvent } from './points-events.ts';
import type { Captured, PaymentCaptured, Redeemed, Released } from './redemptions.ts';
import type { End, Hold, Meant } from './understand-redemption.ts';

/** What decided commands have changed beside the book. */
export interface Decided {
  /** Customers whose accounts were changed. */
  customers: Set<string>;
  held: NewReservation[];
  ended: Reservation[];
  givenBack: Pick<Payment, 'reservationId' | 'givenBack'>[];
  payments: Omit<PointsPayment, 'capturedMinor'>[];
  captured: Pick<PointsPayment, 'reservationId' | 'capturedMinor'>[];
  events: EventEnvelope[];
}

export const nothingDecided = (): Decided => ({
  customers: new Set(),
  held: [],
  ended: [],
  givenBack: [],
  payments: [],
  captured: [],
  events: [],
});

const holdPoints = (opened: OpenedRedemptions, meant: Hold, { actor }: Caller, decided: Decided): Redeemed => {
  const { book, now } = opened;
  const { customerId, points, orderId, ttlSeconds, pays } = meant;
  // Who has no account has no points, and gets none by asking.
  const account = book.accounts.get(customerId) ?? emptyAccount(customerId);
  const expiresAt = now.add({ seconds: ttlSeconds });
  const reservation: Reservation = {
    ...{ id: newId(), customerId, points, captured: 0, orderId },
    ...{ status: 'held', expiresAtMs: expiresAt.epochMilliseconds },
  };
  const before = book.transfers.length;
  settleAndHold(book, account, reservation);
  decided.held.push({ ...reservation, actor });
  decided.events.push(...eventsOf(book, before));
  const reserved = {
    ...{ reservationId: reservation.id, points, expiresAt: expiresAt.toString() },
    balance: viewOf(account),
  };
  if (!pays) return reserved;
  const { amountMinor, value } = pays;
  const { currency, minor: valueMinor, perPoints } = value;
  decided.payments.push({ reservationId: reservation.id, currency, amountMinor, valueMinor, perPoints });
  return { ...reserved, currency, amountMinor };
};

interface Ending {
  opened: OpenedRedemptions;
  account: Account;
  reservation: Reservation;
  caller: Caller;
  decided: Decided;
}

/** That points of a reservation are free again. */
const tellReleased = ({ opened, account, reservation, caller, decided }: Ending, points: number, reason: string) => {
  const { id: reservationId, customerId } = reservation;
  const told = { reservationId, customerId, points, balanceAfter: booked(account), reason };
  decided.events.push(releasedEvent(told, opened.now.toString(), caller.traceparent));
};

/** What the programme gives back of a payment whose order was refunded before it was captured. */
const giveBackOf = (
  { opened, account, reservation, decided }: Ending,
  transfer: ReturnType<typeof capture>,
): { givenBackPoints?: number } => {
  const { book, rules, allocations, refundedOrders } = opened;
  const paid = refundedOrders.get(reservation.orderId ?? '');
  if (paid?.customerId !== account.customerId) return {};
  const { spentPoints } = returnsOf(rules.programme);
  const givenBack = giveBackLate(book, account, transfer, allocations.get(reservation.id) ?? [], paid, spentPoints);
  // The next one of this order finds this one captured.
  paid.paidBefore += transfer.amount;
  if (givenBack === 0) return {};
  decided.givenBack.push({ reservationId: reservation.id, givenBack });
  return { givenBackPoints: givenBack };
};

/** What an ending answers beside the balance, which is told last. */
type Unsettled<Answer> = Answer extends unknown ? Omit<Answer, 'balance'> : never;

const captureReservation = (
  ending: Ending,
  points: number,
  capturedMinor: number | null,
): Unsettled<Captured | PaymentCaptured> => {
  const { opened, account, reservation, caller, decided } = ending;
  const { book, now, rules } = opened;
  const before = book.transfers.length;
  const transfer = capture(book, account, reservation, opened.allocations.get(reservation.id) ?? [], points, {
    occurredAt: now.toString(),
    ...caller,
  });
  const givenBack = giveBackOf(ending, transfer);
  decided.events.push(...eventsOf(book, before));
  const releasedPoints = reservation.points - points;
  if (releasedPoints > 0) tellReleased(ending, releasedPoints, 'captured in part');
  const { id: reservationId } = reservation;
  const captured = { reservationId, entryId: transfer.id, capturedPoints: points, releasedPoints, ...givenBack };
  const settledFrom = book.transfers.length;
  keepAliveByRedemption(book, account, rules);
  decided.events.push(...eventsOf(book, settledFrom));
  if (capturedMinor === null) return captured;
  decided.captured.push({ reservationId, capturedMinor });
  return { ...captured, capturedMinor };
};

const releaseReservation = (ending: Ending): Unsettled<Released> => {
  const { opened, account, reservation } = ending;
  const { book, allocations } = opened;
  requireOpen(reservation, book.nowMs);
  const before = book.transfers.length;
  release(book, account, reservation, allocations.get(reservation.id) ?? [], 'released');
  tellReleased(ending, reservation.points, 'released');
  // What refunds were due of it.
  ending.decided.events.push(...eventsOf(book, before));
  return { reservationId: reservation.id, releasedPoints: reservation.points };
};

const endReservation = (opened: OpenedRedemptions, meant: End, caller: Caller, decided: Decided): Redeemed => {
  const account = opened.book.accounts.get(meant.customerId);
  const reservation = opened.reservations.get(meant.reservationId);
  if (!account || reservation?.customerId !== account.customerId) throw changedMeanwhile();
  const ending = { opened, account, reservation, caller, decided };
  const { spend, capturedMinor } = meant;
  const answer =
    spend === 'none'
      ? releaseReservation(ending)
      : captureReservation(ending, spend === 'all' ? reservation.points : spend, capturedMinor);
  decided.ended.push(reservation);
  // As it is read: what came back into a lot that has expired is not told as spendable until the sweep comes by.
  return { ...answer, balance: viewOf(asSettled(opened.book, account)) };
};

/**
 * Decides one command in memory, on what those before it have left. A refused one has changed nothing.
 * @throws AppError rejected `ledger.insufficient_points` (tells what is available), `ledger.capture_exceeds_reservation`, conflict
 * `ledger.reservation_closed`, unavailable `ledger.customer_changed_meanwhile`
 */
export const decideRedemption = (
  opened: OpenedRedemptions,
  meant: Meant,
  caller: Caller,
  decided: Decided,
): Redeemed => {
  const answer =
    meant.kind === 'hold' ? holdPoints(opened, meant, caller, decided) : endReservation(opened, meant, caller, decided);
  decided.customers.add(meant.customerId);
  return answer;
};
