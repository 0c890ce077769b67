import { type Queryable, type Tx, textArray, textList } from '@vafa/bus';
import type { Refund, RefundedLine } from '../domain/order.ts';
import type { RefundCase } from '../domain/plan.ts';
import { isoOf } from './instants.ts';

interface Row extends Omit<Refund, 'lines'> {
  lines: [sku: string, quantity: number, amountMinor: number][] | null;
}

const toRefund = ({ lines, ...row }: Row): Refund => ({
  ...row,
  occurredAt: isoOf(row.occurredAt),
  lines: (lines ?? []).map(([sku, quantity, amountMinor]): RefundedLine => ({ sku, quantity, amountMinor })),
});

const linesJson = ({ lines }: Refund): string | null =>
  lines.length === 0
    ? null
    : JSON.stringify(lines.map(({ sku, quantity, amountMinor }) => [sku, quantity, amountMinor]));

/**
 * Takes refunds in hand, in the order of their ids: those not seen before, and those that were refused before and came
 * again unchanged. Returns their ids; the outcome is written by `saveRefunds`.
 */
export const claimRefunds = async (
  tx: Tx,
  rows: readonly { refund: Refund; contentHash: string }[],
  recordedAt: string,
): Promise<Set<string>> => {
  const refunds = rows.map(({ refund }) => refund);
  const claimed = await tx<{ refundId: string }[]>`
    insert into refund as r (refund_id, customer_id, content_hash, order_id, scope, currency, amount_minor, lines, occurred_at,
      recorded_at, status)
    select refund_id, customer_id, content_hash, order_id, scope, currency, amount_minor, lines::jsonb,
      occurred_at::timestamptz, ${recordedAt}::timestamptz, 'waiting'
    from unnest(
      ${refunds.map(({ refundId }) => refundId)}::text[], ${refunds.map(({ customerId }) => customerId)}::text[],
      ${rows.map(({ contentHash }) => contentHash)}::uuid[], ${refunds.map(({ orderId }) => orderId)}::text[],
      ${refunds.map(({ scope }) => scope)}::text[], ${refunds.map(({ currency }) => currency)}::text[],
      ${refunds.map(({ amountMinor }) => amountMinor)}::bigint[], ${refunds.map(linesJson)}::text[],
      ${refunds.map(({ occurredAt }) => occurredAt)}::text[]
    ) as u (refund_id, customer_id, content_hash, order_id, scope, currency, amount_minor, lines, occurred_at)
    order by refund_id
    on conflict (refund_id) do update set status = 'waiting', note = null, customer_id = excluded.customer_id
      where r.status = 'refused' and r.content_hash = excluded.content_hash
    returning refund_id as "refundId"`;
  return new Set(claimed.map(({ refundId }) => refundId));
};

export const findRefundHashes = async (db: Queryable, refundIds: readonly string[]): Promise<Map<string, string>> => {
  const rows = await db<{ refundId: string; hash: string }[]>`
    select refund_id as "refundId", content_hash as hash from refund where refund_id = any(${[...refundIds]}::text[])`;
  return new Map(rows.map(({ refundId, hash }) => [refundId, hash]));
};

/** Those of these customers' orders of which a refund of the whole has taken effect, other than some refunds. */
export const findRefundedWhole = (
  db: Queryable,
  customerIds: readonly string[],
  orderIds: readonly string[],
  exceptRefundIds: readonly string[] = [],
): Promise<{ customerId: string; orderId: string }[]> =>
  db`select distinct customer_id as "customerId", order_id as "orderId" from refund
    where customer_id = any(${textList(db, customerIds)}) and order_id = any(${textList(db, orderIds)})
      and scope = 'whole' and status = 'applied' and not refund_id = any(${textArray(exceptRefundIds)}::text[])`;

const COLUMNS = `refund_id as "refundId", customer_id as "customerId", order_id as "orderId", scope, currency,
  amount_minor as "amountMinor", lines, occurred_at as "occurredAt"`;

/** Refunds that wait for these orders. */
export const findWaitingFor = async (db: Queryable, orderIds: readonly string[]): Promise<Refund[]> => {
  const rows = await db<Row[]>`select ${db.unsafe(COLUMNS)} from refund
    where status = 'waiting' and order_id = any(${textList(db, orderIds)})`;
  return rows.map(toRefund);
};

/** Refunds that still wait although their order is there. */
export const findOverlooked = async (db: Queryable, limit: number): Promise<Refund[]> => {
  const rows = await db<Row[]>`select ${db.unsafe(COLUMNS)} from refund
    where status = 'waiting' and exists (select from purchase where purchase.order_id = refund.order_id)
    order by refund_id limit ${limit}`;
  return rows.map(toRefund);
};

/** Those of these refunds that wait still, under lock; their customers' accounts must be locked before. */
export const lockWaiting = async (tx: Tx, refundIds: readonly string[]): Promise<Refund[]> => {
  const rows = await tx<Row[]>`select ${tx.unsafe(COLUMNS)} from refund
    where status = 'waiting' and refund_id = any(${[...refundIds]}::text[]) order by refund_id for update`;
  return rows.map(toRefund);
};

/** Writes what came of refunds. */
export const saveRefunds = async (tx: Tx, cases: readonly RefundCase[]): Promise<void> => {
  const due = ({ matching }: RefundCase): number => matching.matches.reduce((sum, { pointsDue }) => sum + pointsDue, 0);
  const taken = ({ pointsTaken }: RefundCase): number => pointsTaken.reduce((sum, points) => sum + points, 0);
  const givenBack = ({ pointsGivenBack }: RefundCase): number =>
    pointsGivenBack.reduce((sum, points) => sum + points, 0);
  const matchesJson = ({ matching, pointsTaken, pointsGivenBack }: RefundCase): string =>
    JSON.stringify(
      matching.matches.map(({ order, amountMinor, pointsDue }, i) => [
        order.orderId,
        amountMinor,
        pointsDue,
        pointsTaken[i] ?? 0,
        ...(pointsGivenBack[i] ? [pointsGivenBack[i]] : []),
      ]),
    );
  await tx`
    update refund r set status = u.status, note = u.note, matched_minor = u.matched_minor, unmatched_minor = u.unmatched_minor,
      points_due = u.points_due, points_taken = u.points_taken, points_given_back = u.points_given_back,
      matches = u.matches::jsonb
    from unnest(
      ${cases.map(({ refund }) => refund.refundId)}::text[], ${cases.map(({ status }) => status)}::text[],
      ${cases.map(({ note }) => note)}::text[], ${cases.map(({ matching }) => matching.matchedMinor)}::bigint[],
      ${cases.map(({ matching }) => matching.unmatchedMinor)}::bigint[], ${cases.map(due)}::bigint[],
      ${cases.map(taken)}::bigint[], ${cases.map(givenBack)}::bigint[], ${cases.map(matchesJson)}::text[]
    ) as u (refund_id, status, note, matched_minor, unmatched_minor, points_due, points_taken, points_given_back, matches)
    where r.refund_id = u.refund_id`;
};
