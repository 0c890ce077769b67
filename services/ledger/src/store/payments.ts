import { plainArray, type Tx, textList } from '@vafa/bus';
import type { Payment } from '../domain/give-back.ts';
import { findAllocations } from './allocations.ts';
import { msOf } from './instants.ts';

/**
 * Captured reservations that paid for these orders, with the lots they drew from; also those that were given back whole, as
 * they count for what is due of the others. Their customers' accounts must be locked before.
 */
export const lockPayments = async (tx: Tx, orderIds: readonly string[]): Promise<Payment[]> => {
  const rows = await tx<Omit<Payment, 'allocations'>[]>`
    select id as "reservationId", customer_id as "customerId", order_id as "orderId", captured, given_back as "givenBack",
      ${tx.unsafe(msOf('closed_at'))} as "capturedAtMs"
    from reservation
    where order_id = any(${textList(tx, orderIds)}) and status = 'captured'
    order by id for update`;
  if (rows.length === 0) return [];
  const allocations = await findAllocations(
    tx,
    rows.map(({ reservationId }) => reservationId),
  );
  const byOwner = Map.groupBy(allocations, ({ ownerId }) => ownerId);
  return rows.map((row) => ({ ...row, allocations: byOwner.get(row.reservationId) ?? [] }));
};

/** Writes what of payments was given back. */
export const saveGivenBack = async (
  tx: Tx,
  payments: readonly Pick<Payment, 'reservationId' | 'givenBack'>[],
): Promise<void> => {
  await tx`
    update reservation r set given_back = u.given_back
    from unnest(
      ${plainArray(payments.map(({ reservationId }) => reservationId))}::uuid[],
      ${plainArray(payments.map(({ givenBack }) => givenBack))}::bigint[]
    ) as u (id, given_back)
    where r.id = u.id`;
};
