import type { Queryable, Sql } from '@vafa/bus';
import { moneyFor, type PaymentQuote, type PointValue, quotePayment, valueIn } from '../domain/points-payment.ts';
import { findPayments, type PointsPayment } from '../store/points-payments.ts';
import { readBalance } from '../store/read-balance.ts';
import { findReservation, type KeptReservation } from '../store/reservations.ts';
import type { CurrentRules } from './current-programme.ts';
import { paymentNotFound } from './understand-redemption.ts';

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

/** A payment with its reservation. Captured by points instead of by amount, it counts what these were worth. */
export const viewPayment = async (
  db: Queryable,
  reservationId: string,
): Promise<{ payment: PointsPayment; reservation: KeptReservation; capturedMinor: number }> => {
  const [[payment], reservation] = await Promise.all([
    findPayments(db, [reservationId]),
    findReservation(db, reservationId),
  ]);
  if (!payment || !reservation) throw paymentNotFound();
  const worth = moneyFor(reservation.captured, { minor: payment.valueMinor, perPoints: payment.perPoints });
  return { payment, reservation, capturedMinor: payment.capturedMinor ?? Math.min(payment.amountMinor, worth) };
};
