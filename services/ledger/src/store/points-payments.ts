import type { Queryable, Tx } from '@vafa/bus';

/** Money that a reservation pays. */
export interface PointsPayment {
  reservationId: string;
  currency: string;
  amountMinor: number;
  valueMinor: number;
  perPoints: number;
  capturedMinor: number | null;
}

export const insertPayment = async (tx: Tx, row: Omit<PointsPayment, 'capturedMinor'>): Promise<void> => {
  await tx`insert into points_payment (reservation_id, currency, amount_minor, value_minor, per_points)
    values (${row.reservationId}, ${row.currency}, ${row.amountMinor}, ${row.valueMinor}, ${row.perPoints})`;
};

export const findPayment = async (db: Queryable, reservationId: string): Promise<PointsPayment | undefined> => {
  const [row] = await db<PointsPayment[]>`
    select reservation_id as "reservationId", currency, amount_minor as "amountMinor", value_minor as "valueMinor",
      per_points as "perPoints", captured_minor as "capturedMinor" from points_payment where reservation_id = ${reservationId}`;
  return row;
};

export const saveCaptured = async (tx: Tx, reservationId: string, capturedMinor: number): Promise<void> => {
  await tx`update points_payment set captured_minor = ${capturedMinor} where reservation_id = ${reservationId}`;
};
