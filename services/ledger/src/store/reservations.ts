import { plainArray, type Queryable, type Tx, textList } from '@vafa/bus';
import type { Reservation } from '../domain/reservation.ts';
import { msOf, textOf } from './instants.ts';

const COLUMNS = `id, customer_id as "customerId", points, captured, order_id as "orderId", status,
  ${msOf('expires_at')} as "expiresAtMs"`;

/** A reservation as it is told. */
export interface KeptReservation extends Reservation {
  createdAtMs: number;
  closedAtMs: number | null;
  /** What refunds, or a cancelled reward, gave back of what was captured. */
  givenBack: number;
}

/** A reservation under lock. */
export interface LockedReservation extends Reservation {
  /** Refunds are to take what it gives back. */
  claimed: boolean;
}

/** A reservation as it is made, and by whom. */
export interface NewReservation extends Reservation {
  actor: string;
}

export const insertReservations = async (tx: Tx, rows: readonly NewReservation[], createdAt: string): Promise<void> => {
  const texts = (pick: (row: NewReservation) => string | null) => textList(tx, rows.map(pick));
  await tx`
    insert into reservation (id, customer_id, points, order_id, status, actor, created_at, expires_at)
    select id, customer_id, points, order_id, status, actor, ${createdAt}::timestamptz, expires_at
    from unnest(
      ${plainArray(rows.map(({ id }) => id))}::uuid[], ${texts(({ customerId }) => customerId)},
      ${plainArray(rows.map(({ points }) => points))}::bigint[], ${texts(({ orderId }) => orderId)},
      ${plainArray(rows.map(({ status }) => status))}::text[], ${texts(({ actor }) => actor)},
      ${plainArray(rows.map(({ expiresAtMs }) => textOf(expiresAtMs)))}::timestamptz[]
    ) as u (id, customer_id, points, order_id, status, actor, expires_at)`;
};

export const findReservations = (db: Queryable, ids: readonly string[]): Promise<KeptReservation[]> =>
  db<KeptReservation[]>`select ${db.unsafe(COLUMNS)}, ${db.unsafe(msOf('created_at'))} as "createdAtMs",
    ${db.unsafe(msOf('closed_at'))} as "closedAtMs", given_back as "givenBack"
    from reservation where id = any(${plainArray(ids)}::uuid[])`;

export const findReservation = async (db: Queryable, id: string): Promise<KeptReservation | undefined> =>
  (await findReservations(db, [id]))[0];

/**
 * Reads reservations under lock; their customers' accounts must be locked before. Impatient, it waits for nobody and leaves out
 * what somebody else has locked.
 */
export const lockReservations = (tx: Tx, ids: readonly string[], patient = true): Promise<LockedReservation[]> =>
  tx<
    LockedReservation[]
  >`select ${tx.unsafe(COLUMNS)}, claimed from reservation where id = any(${plainArray(ids)}::uuid[]) order by id
    for update ${patient ? tx`` : tx`skip locked`}`;

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
      ${plainArray(rows.map(({ id }) => id))}::uuid[], ${plainArray(rows.map(({ status }) => status))}::text[],
      ${plainArray(rows.map(({ captured }) => captured))}::bigint[]
    ) as u (id, status, captured)
    where r.id = u.id`;
};
