import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { type PointValue, pointsFor, valueIn } from '../domain/points-payment.ts';
import { findPayments, type PointsPayment } from '../store/points-payments.ts';
import { findReservations, type KeptReservation } from '../store/reservations.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import type { Capture, CapturePayment, Deed, Pay, Release, Reserve } from './redemptions.ts';
import { requireSomebody } from './require-somebody.ts';
import { resolveCustomers } from './resolve-customers.ts';

export interface RedemptionDeps {
  currentRules: CurrentRules;
  /** Longest time of a reservation. */
  maxTtlSeconds: number;
}

/** What is known of deeds before anything is locked. */
export interface Known {
  rules: Rules;
  /** Whose account counts for a customer. */
  ownerOf: (customerId: string) => string;
  reservations: ReadonlyMap<string, KeptReservation>;
  payments: ReadonlyMap<string, PointsPayment>;
}

/** Points to be held. */
export interface Hold {
  kind: 'hold';
  customerId: string;
  points: number;
  orderId: string | null;
  ttlSeconds: number;
  /** The money that they pay, if they do. */
  pays: { amountMinor: number; value: PointValue } | null;
}

/** A reservation to be ended. It may end or change its owner before it is locked. */
export interface End {
  kind: 'end';
  reservationId: string;
  customerId: string;
  orderId: string | null;
  /** Points to spend; all = those that are held; none = it is released. */
  spend: number | 'all' | 'none';
  /** The money that is paid, if it is a payment. */
  capturedMinor: number | null;
}

/** A deed as it is meant. */
export type Meant = Hold | End;

const DEFAULT_TTL_SECONDS = 900;

export const reservationNotFound = (): AppError =>
  new AppError('not_found', 'ledger.reservation_not_found', 'there is no reservation of this id');

export const paymentNotFound = (): AppError =>
  new AppError('not_found', 'ledger.payment_not_found', 'no payment with points has this id');

/** Ids as the database writes them: callers may use capitals. */
const idOf = ({ reservationId }: { reservationId: string }): string => reservationId.toLowerCase();

const byId = <Row>(rows: readonly Row[], id: (row: Row) => string): Map<string, Row> =>
  new Map(rows.map((row) => [id(row), row]));

/** Looks up what deeds are about, one statement for all of a kind. */
export const findKnown = async (tx: Tx, deeds: readonly Deed[], deps: RedemptionDeps): Promise<Known> => {
  const customers = deeds.flatMap((each) => ('customerId' in each ? [each.customerId] : []));
  const reserved = deeds.flatMap((each) => ('reservationId' in each ? [idOf(each)] : []));
  const paying = deeds.flatMap((each) => (each.kind === 'capture_payment' ? [idOf(each)] : []));
  const itself = (customerId: string): string => customerId;
  const [rules, ownerOf, reservations, payments] = await Promise.all([
    deps.currentRules(tx),
    customers.length > 0 ? resolveCustomers(tx, customers) : itself,
    reserved.length > 0 ? findReservations(tx, [...new Set(reserved)]) : [],
    paying.length > 0 ? findPayments(tx, [...new Set(paying)]) : [],
  ]);
  return {
    ...{ rules, ownerOf },
    reservations: byId(reservations, ({ id }) => id),
    payments: byId(payments, ({ reservationId }) => reservationId),
  };
};

/** What an amount costs in points, and at which value. */
const priceOf = ({ currency, amountMinor }: Pay, { programme }: Rules) => {
  const value = valueIn(programme?.pointValues, currency);
  return { points: pointsFor(amountMinor, value), pays: { amountMinor, value } };
};

const meantToHold = (deed: Reserve | Pay, { rules, ownerOf }: Known, maxTtlSeconds: number): Hold => {
  const price = deed.kind === 'pay' ? priceOf(deed, rules) : { points: deed.points, pays: null };
  const ofProgramme = rules.programme?.reservationTtlSeconds ?? DEFAULT_TTL_SECONDS;
  const ttlSeconds = deed.ttlSeconds ?? Math.min(ofProgramme, maxTtlSeconds);
  if (ttlSeconds > maxTtlSeconds)
    throw new AppError('invalid', 'ledger.ttl_too_long', `a reservation lasts ${maxTtlSeconds} seconds at most`, {
      problems: [{ path: '/ttlSeconds', message: `must be <= ${maxTtlSeconds}` }],
    });
  const { orderId = null } = deed;
  const customerId = ownerOf(deed.customerId);
  requireSomebody(customerId);
  return { kind: 'hold', customerId, orderId, ttlSeconds, ...price };
};

/** The part of a payment that a deed captures, in money and in points. */
const capturedOf = (deed: CapturePayment, payments: Known['payments']): { amountMinor: number; points: number } => {
  const payment = payments.get(idOf(deed));
  if (!payment) throw paymentNotFound();
  const amountMinor = deed.amountMinor ?? payment.amountMinor;
  if (amountMinor > payment.amountMinor)
    throw new AppError('rejected', 'ledger.capture_exceeds_reservation', 'more money than the payment is for', {
      heldMinor: payment.amountMinor,
      requestedMinor: amountMinor,
    });
  return { amountMinor, points: pointsFor(amountMinor, { minor: payment.valueMinor, perPoints: payment.perPoints }) };
};

const meantToEnd = (deed: Capture | CapturePayment | Release, { reservations, payments }: Known): End => {
  const captured = deed.kind === 'capture_payment' ? capturedOf(deed, payments) : null;
  const found = reservations.get(idOf(deed));
  if (!found) throw reservationNotFound();
  const { id: reservationId, customerId, orderId } = found;
  const points = deed.kind === 'capture' ? (deed.points ?? 'all') : 'none';
  return {
    kind: 'end',
    ...{ reservationId, customerId, orderId },
    spend: captured?.points ?? points,
    capturedMinor: captured?.amountMinor ?? null,
  };
};

/**
 * What a deed means by the programme in force and by what was found.
 * @throws AppError rejected `ledger.no_point_value`, `ledger.customer_erased`, `ledger.capture_exceeds_reservation`, invalid
 * `ledger.ttl_too_long`, not_found `ledger.reservation_not_found`, `ledger.payment_not_found`
 */
export const understand = (deed: Deed, known: Known, { maxTtlSeconds }: RedemptionDeps): Meant =>
  deed.kind === 'reserve' || deed.kind === 'pay' ? meantToHold(deed, known, maxTtlSeconds) : meantToEnd(deed, known);
