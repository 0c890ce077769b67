import { type Queryable, type Tx, textArray, textList } from '@vafa/bus';
import type { Refund, RefundedLine } from '../domain/order.ts';
import { openRefundCase, type RefundCase } from '../domain/refund-case.ts';
import { isoOf, msOf, textOf } from './instants.ts';

type LineTuple = [sku: string, quantity: number, amountMinor: number];

interface Row extends Omit<Refund, 'lines'> {
  lines: LineTuple[] | null;
}

const toLines = (lines: readonly LineTuple[] | null): RefundedLine[] =>
  (lines ?? []).map(([sku, quantity, amountMinor]) => ({ sku, quantity, amountMinor }));

const toRefund = ({ lines, ...row }: Row): Refund => ({
  ...row,
  occurredAt: isoOf(row.occurredAt),
  lines: toLines(lines),
});

const linesJson = ({ lines }: Pick<Refund, 'lines'>): string | null =>
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

/**
 * Refunds that still wait although their order is there. In the order of the index of those that wait: by their own ids, all
 * refunds of the book were gone through for them. Offset: each order is looked up by its key.
 */
export const findOverlooked = async (db: Queryable, limit: number): Promise<Refund[]> => {
  const rows = await db<Row[]>`select ${db.unsafe(COLUMNS)} from refund
    where status = 'waiting' and exists (select from purchase where purchase.order_id = refund.order_id offset 0)
    order by order_id, refund_id limit ${limit}`;
  return rows.map(toRefund);
};

/** Those of these refunds that wait still, under lock; their customers' accounts must be locked before. */
export const lockWaiting = async (tx: Tx, refundIds: readonly string[]): Promise<Refund[]> => {
  const rows = await tx<Row[]>`select ${tx.unsafe(COLUMNS)} from refund
    where status = 'waiting' and refund_id = any(${[...refundIds]}::text[]) order by refund_id for update`;
  return rows.map(toRefund);
};

/** Whose refunds are asked for that are open at an instant, and are no earlier than another; null = however early. */
export interface OpenQuestion {
  customerId: string;
  sinceMs: number | null;
}

/** What is open of refunds, of each customer in the order of their own time. Their accounts are locked. */
export const findOpenRefunds = async (
  db: Queryable,
  questions: readonly OpenQuestion[],
  atIso: string,
): Promise<RefundCase[]> => {
  const rows = await db<
    (Row & { unmatchedMinor: number; untilMs: number; openLines: LineTuple[] | null })[]
  >`select ${db.unsafe(COLUMNS)}, unmatched_minor as "unmatchedMinor", ${db.unsafe(msOf('open_until'))} as "untilMs",
      open_lines as "openLines"
    from unnest(${textArray(questions.map(({ customerId }) => customerId))}::text[],
      ${textArray(questions.map(({ sinceMs }) => textOf(sinceMs)))}::timestamptz[]) as q (customer, since)
    cross join lateral (
      -- Offset: planned by itself, by the index of open ones.
      select * from refund where customer_id = q.customer and open_until > ${atIso}::timestamptz
        and occurred_at >= coalesce(q.since, '-infinity') offset 0
    ) as r
    order by occurred_at, refund_id`;
  return rows.map(({ unmatchedMinor, untilMs, openLines, ...row }) => {
    const refund = toRefund(row);
    const rest = {
      ...refund,
      amountMinor: refund.amountMinor === null ? null : unmatchedMinor,
      lines: toLines(openLines),
    };
    return openRefundCase(refund, { rest, untilMs }, unmatchedMinor);
  });
};

/** Closes those of these customers' refunds that have been open long enough. Their accounts are locked. */
export const closeDueRefunds = async (tx: Tx, customerIds: readonly string[], byIso: string): Promise<void> => {
  await tx`update refund set open_until = null, open_lines = null
    where customer_id = any(${textList(tx, customerIds)}) and open_until <= ${byIso}::timestamptz`;
};

/** When the next of the refunds that are open still is to be closed, by customer; of others nothing. */
export const findNextClosings = async (tx: Tx, customerIds: readonly string[]): Promise<Map<string, number>> => {
  const rows = await tx<{ customerId: string; nextMs: number }[]>`
    select customer_id as "customerId", ${tx.unsafe(msOf('min(open_until)'))} as "nextMs" from refund
    where customer_id = any(${textList(tx, customerIds)}) and open_until is not null group by customer_id`;
  return new Map(rows.map(({ customerId, nextMs }) => [customerId, nextMs]));
};

/** Closes whatever is open of a customer's refunds. */
export const closeRefunds = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`update refund set open_until = null, open_lines = null
    where customer_id = ${customerId} and open_until is not null`;
};

/**
 * Writes what came of refunds, and whose they are, which those of nobody's orders tell no more; what they took comes on top of what
 * those that are open took before.
 */
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
  const openLines = ({ refund, open }: RefundCase): string | null =>
    open && refund.scope === 'lines' ? linesJson(open.rest) : null;
  await tx`
    update refund r set customer_id = u.customer_id, status = u.status, note = u.note, matched_minor = r.matched_minor + u.matched_minor,
      unmatched_minor = u.unmatched_minor, points_due = r.points_due + u.points_due,
      points_taken = r.points_taken + u.points_taken, points_given_back = r.points_given_back + u.points_given_back,
      matches = coalesce(r.matches, '[]') || u.matches::jsonb, open_until = u.open_until, open_lines = u.open_lines::jsonb
    from unnest(
      ${cases.map(({ refund }) => refund.refundId)}::text[], ${cases.map(({ refund }) => refund.customerId)}::text[],
      ${cases.map(({ status }) => status)}::text[],
      ${cases.map(({ note }) => note)}::text[], ${cases.map(({ matching }) => matching.matchedMinor)}::bigint[],
      ${cases.map(({ matching }) => matching.unmatchedMinor)}::bigint[], ${cases.map(due)}::bigint[],
      ${cases.map(taken)}::bigint[], ${cases.map(givenBack)}::bigint[], ${cases.map(matchesJson)}::text[],
      ${cases.map(({ open }) => textOf(open?.untilMs ?? null))}::timestamptz[], ${cases.map(openLines)}::text[]
    ) as u (refund_id, customer_id, status, note, matched_minor, unmatched_minor, points_due, points_taken, points_given_back, matches,
      open_until, open_lines)
    where r.refund_id = u.refund_id`;
};
