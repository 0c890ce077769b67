import type { Tx } from '@vafa/bus';
import type { RefundStatus } from '../domain/history.ts';
import type { Refund } from '../domain/refund.ts';
import { arrayOf, millisOf } from './array-literal.ts';

interface RefundRow extends Omit<Refund, 'occurredAt' | 'orderId' | 'lines'> {
  occurredAt: string;
  orderId: string | null;
  lines: [sku: string, quantity: number, amountMinor: number][];
}

/** Content hashes of the refunds that are known of these, by refund id. */
export const findRefunds = async (
  tx: Tx,
  refundIds: readonly string[],
): Promise<[refundId: string, hash: string][]> => {
  const rows = await tx<{ refundId: string; contentHash: string }[]>`
    select refund_id as "refundId", content_hash as "contentHash" from refund
    where refund_id = any(${[...refundIds]}::text[])`;
  return rows.map(({ refundId, contentHash }) => [refundId, contentHash]);
};

/** Who has a refund that waits for one of these orders. */
export const findCustomersWaitingFor = async (tx: Tx, orderIds: readonly string[]): Promise<string[]> => {
  const rows = await tx<{ customerId: string }[]>`select distinct customer_id as "customerId" from refund
    where order_id = any(${[...orderIds]}::text[]) and status = 'waiting' and customer_id is not null`;
  return rows.map(({ customerId }) => customerId);
};

/** The newest refunds of each of these customers, at most `limit` of each. */
export const findNewestRefunds = async (tx: Tx, customerIds: readonly string[], limit: number): Promise<Refund[]> => {
  const rows = await tx<RefundRow[]>`select r.* from unnest(${[...customerIds]}::text[]) as c (customer_id)
    cross join lateral (
      select refund_id as "refundId", customer_id as "customerId", content_hash as "contentHash",
        occurred_at as "occurredAt", order_id as "orderId", scope, currency, amount_minor as "amountMinor", lines
      from refund where customer_id = c.customer_id order by occurred_at desc limit ${limit}) r`;
  return rows.map((row) => ({
    ...row,
    occurredAt: Temporal.Instant.from(row.occurredAt),
    orderId: row.orderId ?? undefined,
    lines: row.lines.map(([sku, quantity, amountMinor]) => ({ sku, quantity, amountMinor })),
  }));
};

/** @returns how many were new; fewer than given when somebody else took an id in the meantime */
export const insertRefunds = async (
  tx: Tx,
  refunds: readonly { refund: Refund; status: RefundStatus }[],
): Promise<number> => {
  const items = refunds.map(({ refund }) => refund);
  const lines = items.map((refund) =>
    JSON.stringify(refund.lines.map(({ sku, quantity, amountMinor }) => [sku, quantity, amountMinor])),
  );
  const { count } = await tx`
    insert into refund (refund_id, customer_id, content_hash, occurred_at, order_id, scope, currency, amount_minor, status,
      lines)
    select refund_id, customer_id, content_hash, to_timestamp(occurred_at / 1000::float8), order_id, scope, currency,
      amount_minor, status, lines::jsonb
    from unnest(
      ${items.map(({ refundId }) => refundId)}::text[],
      ${items.map(({ customerId }) => customerId)}::text[],
      ${arrayOf(items.map(({ contentHash }) => contentHash))}::text::uuid[],
      ${millisOf(items.map(({ occurredAt }) => occurredAt))}::text::bigint[],
      ${items.map(({ orderId }) => orderId ?? null)}::text[],
      ${arrayOf(items.map(({ scope }) => scope))}::text::text[],
      ${arrayOf(items.map(({ currency }) => currency))}::text::text[],
      ${arrayOf(items.map(({ amountMinor }) => amountMinor))}::text::bigint[],
      ${arrayOf(refunds.map(({ status }) => status))}::text::text[],
      ${lines}::text[]
    ) as v (refund_id, customer_id, content_hash, occurred_at, order_id, scope, currency, amount_minor, status, lines)
    order by refund_id on conflict do nothing`;
  return count;
};

export const updateStatuses = async (
  tx: Tx,
  statuses: readonly [refundId: string, status: RefundStatus][],
): Promise<void> => {
  if (statuses.length === 0) return;
  const refundIds = statuses.map(([refundId]) => refundId);
  await tx`update refund r set status = v.status
    from unnest(${refundIds}::text[], ${arrayOf(statuses.map(([, status]) => status))}::text::text[])
      as v (refund_id, status)
    where r.refund_id = v.refund_id and r.refund_id = any(${refundIds}::text[])`;
};

export const moveRefunds = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update refund set customer_id = ${into} where customer_id = ${from}`;
};

export const anonymiseRefunds = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`update refund set customer_id = null, lines = '[]' where customer_id = ${customerId}`;
};
