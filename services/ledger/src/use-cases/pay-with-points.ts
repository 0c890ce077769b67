import type { Queryable, Sql, Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import {
  moneyFor,
  type PaymentQuote,
  type PointValue,
  pointsFor,
  quotePayment,
  valueIn,
} from '../domain/points-payment.ts';
import { findPayment, insertPayment, type PointsPayment, saveCaptured } from '../store/points-payments.ts';
import { readBalance } from '../store/read-balance.ts';
import { findReservation, type KeptReservation } from '../store/reservations.ts';
import { type Captured, captureReservation } from './close-reservation.ts';
import type { CurrentRules } from './current-programme.ts';
import { type Call, type ReserveDeps, type Reserved, reservePoints } from './reserve-points.ts';

export interface Quote extends PaymentQuote {
  customerId: string;
  activePoints: number;
  value: PointValue;
}

const currentValue = async (db: Queryable, rules: CurrentRules, currency: string): Promise<PointValue> =>
  valueIn((await rules(db)).programme?.pointValues, currency);

/**
 * What paying an amount with points would take, and how far the balance goes.
 * @throws AppError rejected `ledger.no_point_value`
 */
export const quotePoints = async (
  sql: Sql,
  asked: { customerId: string; currency: string; amountMinor: number },
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<Quote> => {
  const value = await currentValue(sql, deps.currentRules, asked.currency);
  const { customerId, account } = await readBalance(sql, asked.customerId, now);
  return { ...quotePayment(asked.amountMinor, account.active, value), customerId, activePoints: account.active, value };
};

export interface PayCommand {
  customerId: string;
  currency: string;
  amountMinor: number;
  orderId?: string;
  ttlSeconds?: number;
}

export interface Payment {
  reserved: Reserved;
  payment: PointsPayment;
}

/**
 * Holds the points that pay an amount, at the value they have now; the value is kept with the payment.
 * @throws AppError rejected `ledger.no_point_value`, `ledger.insufficient_points`, invalid `ledger.ttl_too_long`
 */
export const payWithPoints = async (tx: Tx, command: PayCommand, call: Call, deps: ReserveDeps): Promise<Payment> => {
  const { currency, amountMinor, ...rest } = command;
  const value = await currentValue(tx, deps.currentRules, currency);
  const reserved = await reservePoints(tx, { ...rest, points: pointsFor(amountMinor, value) }, call, deps);
  const { minor: valueMinor, perPoints } = value;
  const payment = { reservationId: reserved.reservationId, currency, amountMinor, valueMinor, perPoints };
  await insertPayment(tx, payment);
  return { reserved, payment: { ...payment, capturedMinor: null } };
};

const paymentNotFound = (): AppError =>
  new AppError('not_found', 'ledger.payment_not_found', 'no payment with points has this id');

/**
 * Spends the points of a payment, for all of its amount or a part; the points of the rest are given back.
 * @throws AppError not_found `ledger.payment_not_found`, conflict `ledger.reservation_closed`, rejected
 * `ledger.capture_exceeds_reservation`
 */
export const capturePayment = async (
  tx: Tx,
  command: { reservationId: string; amountMinor?: number },
  call: Call,
  deps: { currentRules: CurrentRules },
): Promise<{ captured: Captured; payment: PointsPayment }> => {
  const found = await findPayment(tx, command.reservationId);
  if (!found) throw paymentNotFound();
  const amountMinor = command.amountMinor ?? found.amountMinor;
  if (amountMinor > found.amountMinor)
    throw new AppError('rejected', 'ledger.capture_exceeds_reservation', 'more money than the payment is for', {
      heldMinor: found.amountMinor,
      requestedMinor: amountMinor,
    });
  const points = pointsFor(amountMinor, { minor: found.valueMinor, perPoints: found.perPoints });
  const captured = await captureReservation(tx, { reservationId: found.reservationId, points }, call, deps);
  await saveCaptured(tx, found.reservationId, amountMinor);
  return { captured, payment: { ...found, capturedMinor: amountMinor } };
};

/** A payment with its reservation. Captured by points instead of by amount, it counts what these were worth. */
export const viewPayment = async (
  db: Queryable,
  reservationId: string,
): Promise<{ payment: PointsPayment; reservation: KeptReservation; capturedMinor: number }> => {
  const [payment, reservation] = await Promise.all([
    findPayment(db, reservationId),
    findReservation(db, reservationId),
  ]);
  if (!payment || !reservation) throw paymentNotFound();
  const worth = moneyFor(reservation.captured, { minor: payment.valueMinor, perPoints: payment.perPoints });
  return { payment, reservation, capturedMinor: payment.capturedMinor ?? Math.min(payment.amountMinor, worth) };
};
