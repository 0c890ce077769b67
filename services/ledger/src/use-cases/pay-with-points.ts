import { type Queryable, readKeepingPlans, type Sql } from '@vafa/bus';
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
export const quotePoints = (
  sql: Sql,
  asked: { customerId: string; currency: string; amountMinor: number },
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<Quote> =>
  readKeepingPlans(sql, async (tx) => {
    const [value, { customerId, account }] = await Promise.all([
      currentValue(tx, deps.currentRules, asked.currency),
      readBalance(tx, asked.customerId, now),
    ]);
    const activePoints = account.active;
    return { ...quotePayment(asked.amountMinor, activePoints, value), customerId, activePoints, value };
  });

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
