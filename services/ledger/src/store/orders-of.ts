import type { Tx } from '@vafa/bus';
import { textArray } from '@vafa/bus';
import type { Fragment } from 'postgres';
import { inAnyWeek } from './weeks.ts';

/**
 * SQL of an array with the ids of all orders that these customers may have. Orders have no index by customer, as every purchase
 * would pay for it: what earned is found by the entries that it made, also of who was merged into them since (entries stay where
 * they were booked, orders go along); what earned nothing by an index of its own. Who was merged into one of these and has
 * orders no more, or gave them away, is in it, too: ask each order for its customer.
 */
export const orderIdsOf = (tx: Tx, customerIds: readonly string[]): Fragment => {
  const ids = textArray(customerIds);
  return tx`array(
    select t.order_id from transfer t
    where ${tx.unsafe(inAnyWeek('transfer', 't'))} and t.kind = 'earn' and t.order_id is not null
      and t.customer_id = any(array(
        select unnest(${ids}::text[]) union all select customer_id from balance where merged_into = any(${ids}::text[])
      ))
    union all
    select o.order_id from purchase o
    where ${tx.unsafe(inAnyWeek('purchase', 'o'))} and o.earn_id is null and o.customer_id = any(${ids}::text[])
  )`;
};
