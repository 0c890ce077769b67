import type { Tx } from '@vafa/bus';

/** Gives everything that belongs to one customer to another: lots, reservations, orders and refunds; not its history. */
export const giveBelongings = async (tx: Tx, from: string, into: string): Promise<void> => {
  await Promise.all([
    tx`update lot set customer_id = ${into} where customer_id = ${from}`,
    tx`update reservation set customer_id = ${into} where customer_id = ${from}`,
    tx`update purchase set customer_id = ${into} where customer_id = ${from}`,
    tx`update refund set customer_id = ${into} where customer_id = ${from}`,
  ]);
};

/** From now on events of the one count for the other, also of those that were merged into the one before. */
export const markMerged = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update balance set merged_into = ${into} where customer_id = ${from} or merged_into = ${from}`;
};

/** Customers that were merged into this one. */
export const findMergedInto = async (tx: Tx, customerId: string): Promise<string[]> => {
  const rows = await tx<{ id: string }[]>`select customer_id as id from balance where merged_into = ${customerId}
    order by customer_id for update`;
  return rows.map(({ id }) => id);
};

/** Empties the open lots of a customer, keeping that the transfer took their points. */
export const emptyLots = async (tx: Tx, customerId: string, transferId: string): Promise<void> => {
  await tx`insert into allocation (owner_id, lot_id, points)
    select ${transferId}::uuid, id, remaining from lot where customer_id = ${customerId} and remaining > 0`;
  await tx`update lot set remaining = 0 where customer_id = ${customerId} and remaining > 0`;
};

/**
 * Puts another name in the place of a customer's, everywhere, and drops what was written about it by hand. The only change
 * that the trigger on transfers lets through.
 */
export const rename = async (tx: Tx, customerId: string, pseudonym: string): Promise<void> => {
  await tx`select set_config('vafa.erasing', 'on', true)`;
  await tx`update transfer set customer_id = ${pseudonym}, reason = null where customer_id = ${customerId}`;
  await tx`select set_config('vafa.erasing', 'off', true)`;
  await giveBelongings(tx, customerId, pseudonym);
  await tx`delete from balance where customer_id = ${customerId} and seq = 0`;
  await tx`update balance set customer_id = ${pseudonym}, merged_into = null where customer_id = ${customerId}`;
};
