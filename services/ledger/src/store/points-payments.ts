import { plainArray, type Queryable, type Tx } from '@vafa/bus';

/** Money that a reservation pays. */
export interface PointsPayment {
  reservationId: string;
  currency: string;
  amountMinor: number;
  valueMinor: number;
  perPoints: number;
  capturedMinor: number | null;
}

export const insertPayments = async (tx: Tx, rows: readonly Omit<PointsPayment, 'capturedMinor'>[]): Promise<void> => {
  await tx`
    insert into points_payment (reservation_id, currency, amount_minor, value_minor, per_points)
    select * from unnest(
      ${plainArray(rows.map(({ reservationId }) => reservationId))}::uuid[],
      ${plainArray(rows.map(({ currency }) => currency))}::text[],
      ${plainArray(rows.map(({ amountMinor }) => amountMinor))}::bigint[],
      ${plainArray(rows.map(({ valueMinor }) => valueMinor))}::bigint[],
      ${plainArray(rows.map(({ perPoints }) => perPoints))}::bigint[])`;
};

export const findPayments = (db: Queryable, reservationIds: readonly string[]): Promise<PointsPayment[]> =>
  db<PointsPayment[]>`
    select reservation_id as "reservationId", currency, amount_minor as "amountMinor", value_minor as "valueMinor",
      per_points as "perPoints", captured_minor as "capturedMinor" from points_payment
    where reservation_id = any(${plainArray(reservationIds)}::uuid[])`;

/** Writes what of payments was captured. */
export const saveCaptured = async (
  tx: Tx,
  rows: readonly Pick<PointsPayment, 'reservationId' | 'capturedMinor'>[],
): Promise<void> => {
  await tx`
    update points_payment p set captured_minor = u.captured_minor
    from unnest(
      ${plainArray(rows.map(({ reservationId }) => reservationId))}::uuid[],
      ${plainArray(rows.map(({ capturedMinor }) => capturedMinor))}::bigint[]
    ) as u (reservation_id, captured_minor)
    where p.reservation_id = u.reservation_id`;
};
