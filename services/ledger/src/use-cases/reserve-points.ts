import { emit, type Tx } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { addLots } from '../domain/book.ts';
import { hold, type Reservation } from '../domain/reservation.ts';
import { findOpenLots } from '../store/lots.ts';
import { insertReservation } from '../store/reservations.ts';
import { saveBook } from '../store/save-book.ts';
import { type AccountView, viewOf } from './account-view.ts';
import type { CurrentRules } from './current-programme.ts';
import { openAccount } from './open-account.ts';
import { eventsOf } from './points-events.ts';

/** Who asks, when and in which trace. */
export interface Call {
  actor: string;
  now: Temporal.Instant;
  traceparent?: string;
}

export interface ReserveCommand {
  customerId: string;
  points: number;
  orderId?: string;
  /** The programme's own when not given. */
  ttlSeconds?: number;
}

export interface ReserveDeps {
  currentRules: CurrentRules;
  maxTtlSeconds: number;
}

export interface Reserved {
  reservationId: string;
  points: number;
  expiresAt: string;
  balance: AccountView;
}

const DEFAULT_TTL_SECONDS = 900;

/**
 * Holds points for a payment under way. The account row is the lock: however many ask at once, they are served one after
 * the other and nobody gets more than there is.
 * @throws AppError rejected `ledger.insufficient_points` (tells what is available), invalid `ledger.ttl_too_long`
 */
export const reservePoints = async (
  tx: Tx,
  command: ReserveCommand,
  call: Call,
  deps: ReserveDeps,
): Promise<Reserved> => {
  const { programme } = await deps.currentRules(tx);
  const ttlSeconds =
    command.ttlSeconds ?? Math.min(programme?.reservationTtlSeconds ?? DEFAULT_TTL_SECONDS, deps.maxTtlSeconds);
  if (ttlSeconds > deps.maxTtlSeconds)
    throw new AppError('invalid', 'ledger.ttl_too_long', `a reservation lasts ${deps.maxTtlSeconds} seconds at most`);
  const { book, account } = await openAccount(tx, 'api', call.now, command.customerId);
  addLots(book, await findOpenLots(tx, new Map([[account.customerId, command.points]]), book.nowMs));
  const expiresAt = call.now.add({ seconds: ttlSeconds });
  const reservation: Reservation = {
    id: newId(),
    customerId: account.customerId,
    points: command.points,
    captured: 0,
    orderId: command.orderId ?? null,
    status: 'held',
    expiresAtMs: expiresAt.epochMilliseconds,
  };
  hold(book, account, reservation);
  const now = call.now.toString();
  await Promise.all([
    insertReservation(tx, reservation, call.actor, now),
    saveBook(tx, book, now),
    emit(tx, eventsOf(book)),
  ]);
  return {
    reservationId: reservation.id,
    points: reservation.points,
    expiresAt: expiresAt.toString(),
    balance: viewOf(account),
  };
};
