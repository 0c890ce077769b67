import type { Tx } from '@vafa/bus';
import type { OrderBalance } from '../domain/history.ts';
import type { Order } from '../domain/order.ts';
import { arrayOf, millisOf } from './array-literal.ts';

interface OrderRow {
  orderId: string;
  customerId: string | null;
  contentHash: string;
  occurredAt: string;
  currency: string;
  totalMinor: number;
  quantities: [sku: string, quantity: number][];
}

/** An order on record; without customer when that one was erased. */
export type StoredOrder = Omit<Order, 'customerId'> & { customerId: string | null };

const orderOf = (row: OrderRow): StoredOrder => ({
  ...row,
  occurredAt: Temporal.Instant.from(row.occurredAt),
  quantities: new Map(row.quantities),
});

const columns = (tx: Tx) => tx`p.order_id as "orderId", p.customer_id as "customerId", p.content_hash as "contentHash",
  p.occurred_at as "occurredAt", p.currency, p.total_minor as "totalMinor", p.quantities`;

export const findOrders = async (tx: Tx, orderIds: readonly string[]): Promise<StoredOrder[]> => {
  const rows = await tx<
    OrderRow[]
  >`select ${columns(tx)} from purchase p where p.order_id = any(${[...orderIds]}::text[])`;
  return rows.map(orderOf);
};

/** The newest orders of each of these customers, at most `limit` of each. */
export const findNewestOrders = async (tx: Tx, customerIds: readonly string[], limit: number): Promise<Order[]> => {
  const rows = await tx<OrderRow[]>`select o.* from unnest(${[...customerIds]}::text[]) as c (customer_id)
    cross join lateral (select ${columns(tx)} from purchase p where p.customer_id = c.customer_id
      order by p.occurred_at desc limit ${limit}) o`;
  return rows.map(orderOf) as Order[];
};

/** @returns how many were new; fewer than given when somebody else took an id in the meantime */
export const insertOrders = async (
  tx: Tx,
  orders: readonly { order: Order; balance: OrderBalance }[],
): Promise<number> => {
  const items = orders.map(({ order }) => order);
  const balances = orders.map(({ balance }) => balance);
  const { count } =
    await tx`insert into purchase (order_id, customer_id, content_hash, occurred_at, currency, total_minor,
      refunded_minor, is_void, quantities)
    select order_id, customer_id, content_hash, to_timestamp(occurred_at / 1000::float8), currency, total_minor,
      refunded_minor, is_void, quantities::jsonb
    from unnest(
      ${items.map(({ orderId }) => orderId)}::text[],
      ${items.map(({ customerId }) => customerId)}::text[],
      ${arrayOf(items.map(({ contentHash }) => contentHash))}::text::uuid[],
      ${millisOf(items.map(({ occurredAt }) => occurredAt))}::text::bigint[],
      ${arrayOf(items.map(({ currency }) => currency))}::text::text[],
      ${arrayOf(items.map(({ totalMinor }) => totalMinor))}::text::bigint[],
      ${arrayOf(balances.map(({ refundedMinor }) => refundedMinor))}::text::bigint[],
      ${arrayOf(balances.map(({ isVoid }) => String(isVoid)))}::text::boolean[],
      ${items.map(({ quantities }) => JSON.stringify([...quantities]))}::text[]
    ) as v (order_id, customer_id, content_hash, occurred_at, currency, total_minor, refunded_minor, is_void, quantities)
    order by order_id on conflict do nothing`;
  return count;
};

export const updateBalances = async (
  tx: Tx,
  balances: readonly [orderId: string, balance: OrderBalance][],
): Promise<void> => {
  if (balances.length === 0) return;
  const orderIds = balances.map(([orderId]) => orderId);
  await tx`update purchase p set refunded_minor = v.refunded_minor, is_void = v.is_void
    from unnest(
      ${orderIds}::text[],
      ${arrayOf(balances.map(([, { refundedMinor }]) => refundedMinor))}::text::bigint[],
      ${arrayOf(balances.map(([, { isVoid }]) => String(isVoid)))}::text::boolean[]
    ) as v (order_id, refunded_minor, is_void)
    where p.order_id = v.order_id and p.order_id = any(${orderIds}::text[])`;
};

export const moveOrders = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update purchase set customer_id = ${into} where customer_id = ${from}`;
};

/** Orders stay, so that they count once for ever; whose they were and what was bought goes. */
export const anonymiseOrders = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`update purchase set customer_id = null, quantities = '[]' where customer_id = ${customerId}`;
};
