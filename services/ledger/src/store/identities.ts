import { type Tx, textArray } from '@vafa/bus';
import type { Account } from '../domain/account.ts';
import { inAnyMonth } from './expiry-months.ts';
import { orderIdsOf } from './orders-of.ts';
import { forgetCancelReasons, giveRedemptions } from './redemption-belongings.ts';
import { inAnyWeek } from './weeks.ts';

/**
 * Gives everything that belongs to one customer to another: lots, reservations, orders, refunds and requests; not its history,
 * by which the lots are found: those that it brought, and those of who was merged into it.
 */
export const giveBelongings = async (tx: Tx, from: string, into: string): Promise<void> => {
  await Promise.all([
    tx`update lot set customer_id = ${into} where customer_id = ${from} and id in (
      select t.id from transfer t where ${tx.unsafe(inAnyWeek('transfer', 't'))} and t.customer_id = any(array(
        select ${from}::text union all select customer_id from balance where merged_into = ${from}
      )))`,
    tx`update reservation set customer_id = ${into} where customer_id = ${from}`,
    tx`update purchase p set customer_id = ${into} where p.customer_id = ${from} and p.order_id = any(${orderIdsOf(tx, [from])})`,
    tx`update refund set customer_id = ${into} where customer_id = ${from}`,
    tx`update adjustment_request set customer_id = ${into} where customer_id = ${from}`,
  ]);
  await giveRedemptions(tx, from, into);
};

/** From now on events of the one count for the other, also of those that were merged into the one before. */
export const markMerged = async (tx: Tx, from: string, into: Account): Promise<void> => {
  const { customerId, formerEarned, formerSpent, formerExpired } = into;
  await Promise.all([
    tx`update balance set merged_into = ${customerId} where customer_id = ${from} or merged_into = ${from}`,
    tx`update balance set former_earned = ${formerEarned}, former_spent = ${formerSpent}, former_expired = ${formerExpired}
      where customer_id = ${customerId}`,
  ]);
};

/** The names that these customers ever had: their own, and those of who was merged into them. */
export const findNames = async (tx: Tx, customerIds: readonly string[]): Promise<Map<string, string[]>> => {
  const rows = await tx<{ id: string; into: string }[]>`select customer_id as id, merged_into as into from balance
    where merged_into = any(${textArray(customerIds)}::text[])`;
  const names = new Map(customerIds.map((customerId) => [customerId, [customerId]]));
  for (const { id, into } of rows) names.get(into)?.push(id);
  return names;
};

/** Customers that were merged into this one. */
export const findMergedInto = async (tx: Tx, customerId: string): Promise<string[]> => {
  const rows = await tx<{ id: string }[]>`select customer_id as id from balance where merged_into = ${customerId}
    order by customer_id for update`;
  return rows.map(({ id }) => id);
};

/** Empties the open or the pending lots of a customer, keeping that the transfer took their points. */
export const emptyLots = async (
  tx: Tx,
  customerId: string,
  part: 'remaining' | 'pending',
  transferId: string,
): Promise<void> => {
  const points = tx(part);
  const own = tx`customer_id = ${customerId} and ${points} > 0${part === 'remaining' ? tx` and ${tx.unsafe(inAnyMonth('lot'))}` : tx``}`;
  await tx`insert into allocation (owner_id, lot_id, points)
    select ${transferId}::uuid, id, ${points} from lot where ${own}`;
  await tx`update lot set ${points} = 0, pending_until = null, awaits = null
    where ${own}`;
};

/**
 * Puts another name in the place of a customer's, everywhere, and drops what was written about it by hand. The only change
 * that the trigger on transfers lets through. That it was merged into another, or another into it, stays, under the new name:
 * the other has its lots, which are found by its history.
 */
export const rename = async (tx: Tx, customerId: string, pseudonym: string): Promise<void> => {
  await forgetCancelReasons(tx, customerId);
  await giveBelongings(tx, customerId, pseudonym);
  await tx`select set_config('vafa.erasing', 'on', true)`;
  const own = tx`t.customer_id = ${customerId} and ${tx.unsafe(inAnyWeek('transfer', 't'))}`;
  // The other half of a gift is another customer's, and says the same.
  await tx`update transfer set reason = null where reason is not null and id in (
    select t.pair_id from transfer t where ${own} and t.pair_id is not null)`;
  await tx`update transfer t set customer_id = ${pseudonym}, reason = null where ${own}`;
  await tx`select set_config('vafa.erasing', 'off', true)`;
  await tx`delete from balance where customer_id = ${customerId} and seq = 0`;
  await tx`update balance set customer_id = ${pseudonym} where customer_id = ${customerId}`;
  await tx`update balance set merged_into = ${pseudonym} where merged_into = ${customerId}`;
};
