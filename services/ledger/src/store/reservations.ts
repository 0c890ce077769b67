import type { Queryable, Tx } from '@vafa/bus';
import type { Reservation } from '../domain/reservation.ts';
import { msOf, textOf } from './instants.ts';

const COLUMNS = `id, customer_id as "customerId", points, captured, order_id as "orderId", status,
  ${msOf('expires_at')} as "expiresAtMs"`;

/** A reservation as it is told. */
export interface KeptReservation extends Reservation {
  createdAtMs: number;
  closedAtMs: number | null;
}

export const insertReservation = async (tx: Tx, row: Reservation, actor: string, createdAt: string): Promise<void> => {
  await tx`insert into reservation (id, customer_id, points, order_id, status, actor, created_at, expires_at)
    values (${row.id}, ${row.customerId}, ${row.points}, ${row.orderId}, ${row.status}, ${actor}, ${createdAt}::timestamptz,
      ${textOf(row.expiresAtMs)}::timestamptz)`;
};

export const findReservation = async (db: Queryable, id: string): Promise<KeptReservation | undefined> => {
  const [row] = await db<
    KeptReservation[]
  >`select ${db.unsafe(COLUMNS)}, ${db.unsafe(msOf('created_at'))} as "createdAtMs",
    ${db.unsafe(msOf('closed_at'))} as "closedAtMs" from reservation where id = ${id}`;
  return row;
};

/** Reads reservations under lock; their customers' accounts must be locked before. */
export const lockReservations = (tx: Tx, ids: readonly string[]): Promise<Reservation[]> =>
  tx<
    Reservation[]
  >`select ${tx.unsafe(COLUMNS)} from reservation where id = any(${[...ids]}::uuid[]) order by id for update`;

/** Open reservations whose time is up, the longest overdue first. */
export const findOverdue = (
  db: Queryable,
  nowIso: string,
  limit: number,
): Promise<{ id: string; customerId: string }[]> =>
  db`select id, customer_id as "customerId" from reservation where status = 'held' and expires_at <= ${nowIso}::timestamptz
    order by expires_at limit ${limit}`;

export const findHeldBy = (db: Queryable, customerId: string): Promise<Reservation[]> =>
  db<
    Reservation[]
  >`select ${db.unsafe(COLUMNS)} from reservation where customer_id = ${customerId} and status = 'held'`;

/** Writes the end of reservations. */
export const closeReservations = async (tx: Tx, rows: readonly Reservation[], closedAt: string): Promise<void> => {
  await tx`
    update reservation r set status = u.status, captured = u.captured, closed_at = ${closedAt}::timestamptz
    from unnest(
      ${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ status }) => status)}::text[],
      ${rows.map(({ captured }) => captured)}::bigint[]
    ) as u (id, status, captured)
    where r.id = u.id`;
};
