import type { Tx } from '@vafa/bus';
import type { CategoryPurchase } from '../domain/purchases.ts';

/** A name for a customer and category within one batch. */
export const categoryKey = ({ customerId, category }: Pick<CategoryPurchase, 'customerId' | 'category'>): string =>
  `${customerId}\u0000${category}`;

/**
 * Remembers the newest purchase per customer and category; returns the keys of those that became the newest. What is told
 * late or twice changes nothing. Order ids are compared by bytes, as the domain does.
 */
export const recordLastPurchases = async (tx: Tx, purchases: readonly CategoryPurchase[]): Promise<Set<string>> => {
  const rows = await tx<{ customerId: string; category: string }[]>`
    insert into last_purchase (customer_id, category, order_id, purchased_at)
    select customer_id, category, order_id, purchased_at::timestamptz from unnest(
      ${purchases.map(({ customerId }) => customerId)}::text[], ${purchases.map(({ category }) => category)}::text[],
      ${purchases.map(({ orderId }) => orderId)}::text[], ${purchases.map(({ at }) => at.toString())}::text[])
      as told (customer_id, category, order_id, purchased_at)
    order by customer_id, category
    on conflict (customer_id, category) do update set order_id = excluded.order_id, purchased_at = excluded.purchased_at
      where (last_purchase.purchased_at, last_purchase.order_id collate "C") < (excluded.purchased_at, excluded.order_id collate "C")
    returning customer_id as "customerId", category`;
  return new Set(rows.map(categoryKey));
};

/** Of two customers who are one, the newest purchase of each category stays. */
export const moveLastPurchases = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`with moved as (delete from last_purchase where customer_id = ${from} returning *)
    insert into last_purchase (customer_id, category, order_id, purchased_at)
    select ${into}, category, order_id, purchased_at from moved order by category
    on conflict (customer_id, category) do update set order_id = excluded.order_id, purchased_at = excluded.purchased_at
      where (last_purchase.purchased_at, last_purchase.order_id collate "C") < (excluded.purchased_at, excluded.order_id collate "C")`;
};

/** Remembers orders that were refunded whole. */
export const recordRefunds = async (
  tx: Tx,
  refunds: readonly { customerId: string; orderId: string }[],
  now: Temporal.Instant,
): Promise<void> => {
  await tx`insert into refunded_order (order_id, customer_id, recorded_at)
    select order_id, customer_id, ${now.toString()}::timestamptz from unnest(
      ${refunds.map(({ orderId }) => orderId)}::text[], ${refunds.map(({ customerId }) => customerId)}::text[])
      as told (order_id, customer_id)
    order by order_id on conflict do nothing`;
};

/** Which of the orders were refunded whole. */
export const findRefunded = async (tx: Tx, orderIds: readonly string[]): Promise<Set<string>> => {
  const rows = await tx<{ orderId: string }[]>`select order_id as "orderId" from refunded_order
    where order_id = any(${[...orderIds]}::text[])`;
  return new Set(rows.map(({ orderId }) => orderId));
};

/** Removes a portion of the refunds recorded before `limit`. */
export const forgetRefunds = async (tx: Tx, limit: Temporal.Instant, portion: number): Promise<number> => {
  const rows = await tx`delete from refunded_order where order_id in (select order_id from refunded_order
    where recorded_at < ${limit.toString()}::timestamptz order by recorded_at limit ${portion} for update skip locked) returning 1`;
  return rows.length;
};

export const moveRefunds = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update refunded_order set customer_id = ${into} where customer_id = ${from}`;
};

export const deletePurchases = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from last_purchase where customer_id = ${customerId}`;
  await tx`delete from refunded_order where customer_id = ${customerId}`;
};
