import type { Queryable, Tx } from '@vafa/bus';
import { plainArray, sparseArray, textArray, textList } from '@vafa/bus';
import type { Order, Refund } from '../domain/order.ts';
import type { OrderAward } from '../domain/order-awards.ts';
import type { OrderLine } from '../domain/order-line.ts';
import type { Basis } from '../domain/rules/basis.ts';
import type { Note } from '../domain/rules/earned.ts';
import { msOf, textOf } from './instants.ts';
import { weekOf, weeksOf } from './weeks.ts';

const COLUMNS = `p.order_id as "orderId", p.customer_id as "customerId", ${msOf('p.occurred_at')} as "occurredAtMs", p.currency,
  p.total_minor as "totalMinor", p.refunded_minor as "refundedMinor", p.points_earned as "pointsEarned",
  p.points_taken_back as "pointsTakenBack", p.earn_id as "earnId", p.awards, p.lines`;

type AwardTuple = [ruleId: string, earnId: string, points: number, due: number, basis?: Basis];
type Row = Omit<Order, 'lines' | 'awards'> & { lines: Record<string, OrderLine>; awards: AwardTuple[] | null };

const toAward = ([ruleId, earnId, points, due, basis]: AwardTuple): OrderAward => ({
  ...{ ruleId, earnId, points, due },
  ...(basis === undefined ? {} : { basis }),
});
const toTuple = ({ ruleId, earnId, points, due, basis }: OrderAward): AwardTuple =>
  basis === undefined ? [ruleId, earnId, points, due] : [ruleId, earnId, points, due, basis];
const toOrder = ({ lines, awards, ...order }: Row): Order => ({
  ...order,
  ...(awards ? { awards: awards.map(toAward) } : {}),
  lines: new Map(Object.entries(lines)),
});
const awardsJson = ({ awards }: Order): string | null =>
  awards === undefined ? null : JSON.stringify(awards.map(toTuple));
const toJson = (lines: ReadonlyMap<string, OrderLine>): string => JSON.stringify(Object.fromEntries(lines));

/** Note of an order of whose points caps left nothing. */
const CAPPED: Note = 'capped';

export interface PurchaseRow {
  order: Order;
  contentHash: string;
  occurredAt: string;
  note: string | null;
  /** What else was said of the order, see `detailsOf`; null = nothing. */
  details: string | null;
}

const NONE: ReadonlySet<string> = new Set();

/** Keeps the orders that are not there yet, in the order of their ids; returns the ids of those that were there already. */
export const insertPurchases = async (
  tx: Tx,
  rows: readonly PurchaseRow[],
  common: { recordedAt: string; programmeVersion: number | null },
): Promise<ReadonlySet<string>> => {
  const inserted = await tx<{ orderId: string }[]>`
    insert into purchase (order_id, customer_id, content_hash, occurred_at, recorded_at, currency, total_minor, lines,
      points_earned, earn_id, note, details, awards, programme_version)
    select order_id, customer_id, content_hash, occurred_at, ${common.recordedAt}::timestamptz, currency,
      total_minor, lines::jsonb, points_earned, earn_id, note, details, awards::jsonb, ${common.programmeVersion}::integer
    from unnest(
      ${textList(
        tx,
        rows.map(({ order }) => order.orderId),
      )}, ${textList(
        tx,
        rows.map(({ order }) => order.customerId),
      )},
      ${plainArray(rows.map(({ contentHash }) => contentHash))}::uuid[],
      ${plainArray(rows.map(({ occurredAt }) => occurredAt))}::timestamptz[],
      ${plainArray(rows.map(({ order }) => order.currency))}::text[],
      ${plainArray(rows.map(({ order }) => order.totalMinor))}::bigint[],
      ${textList(
        tx,
        rows.map(({ order }) => toJson(order.lines)),
      )},
      ${plainArray(rows.map(({ order }) => order.pointsEarned))}::bigint[],
      ${sparseArray(rows.map(({ order }) => order.earnId))}::uuid[], ${sparseArray(rows.map(({ note }) => note))}::text[],
      ${textList(
        tx,
        rows.map(({ details }) => details),
      )}, ${textList(
        tx,
        rows.map(({ order }) => awardsJson(order)),
      )}
    ) as u (order_id, customer_id, content_hash, occurred_at, currency, total_minor, lines, points_earned, earn_id, note, details,
      awards)
    order by order_id
    on conflict do nothing returning order_id as "orderId"`;
  // Hardly ever is one there, and a set of new ids is dear: V8 keeps each string that a set has, as one of a kind, until old
  // objects are collected.
  if (inserted.length === rows.length) return NONE;
  const added = new Set(inserted.map(({ orderId }) => orderId));
  return new Set(rows.map(({ order }) => order.orderId).filter((orderId) => !added.has(orderId)));
};

/** Content hashes of orders, by id. */
export const findPurchaseHashes = async (db: Queryable, orderIds: readonly string[]): Promise<Map<string, string>> => {
  const rows = await db<{ orderId: string; hash: string }[]>`
    select order_id as "orderId", content_hash as hash from purchase where order_id = any(${[...orderIds]}::text[])`;
  return new Map(rows.map(({ orderId, hash }) => [orderId, hash]));
};

export const findOrders = async (db: Queryable, orderIds: readonly string[]): Promise<Order[]> =>
  (await db<Row[]>`select ${db.unsafe(COLUMNS)} from purchase p where order_id = any(${textList(db, orderIds)})`).map(
    toOrder,
  );

/**
 * Orders that refunds without a reference may be about: of the customer's newest purchases up to the refund's time (so many
 * are looked at), those with something left to refund and, where lines are returned, with one of their skus. Those that earned
 * are found as in `orderIdsOf`; of a customer with more entries in a week, as many of the newest entries are looked at.
 */
export const findRefundable = async (
  db: Queryable,
  refunds: readonly Refund[],
  except: readonly string[],
  lookBackPurchases: number,
): Promise<Order[]> => {
  const questions = refunds.map(({ customerId, currency, occurredAt, scope, lines }) => ({
    customer: customerId,
    currency,
    // Purchases are compared to the millisecond.
    until: textOf(Date.parse(occurredAt) + 1),
    skus: scope === 'lines' ? lines.map(({ sku }) => sku) : null,
  }));
  const left = textArray(except);
  const rows = await db<Row[]>`
    select distinct on (p.order_id) ${db.unsafe(COLUMNS)}
    from json_to_recordset(${JSON.stringify(questions)}::text::json)
      as q (customer text, currency text, until timestamptz, skus text[])
    cross join lateral (
      select array(select order_id from (
        (select t.order_id, t.occurred_at from (
            select q.customer union all select customer_id from balance where merged_into = q.customer
          ) as own (id) cross join ${db.unsafe(weeksOf('transfer'))} as week (at) cross join lateral (
            select order_id, occurred_at from transfer t where ${db.unsafe(weekOf('t'))} = week.at and customer_id = own.id
              and kind = 'earn' and order_id is not null and occurred_at < q.until and not order_id = any(${left}::text[])
            order by seq desc limit ${lookBackPurchases}
          ) as t)
        union
        (select p.order_id, p.occurred_at from ${db.unsafe(weeksOf('purchase'))} as week (at) cross join lateral (
            select order_id, occurred_at from purchase p where ${db.unsafe(weekOf('p'))} = week.at and earn_id is null
              and customer_id = q.customer and occurred_at < q.until and not order_id = any(${left}::text[])
            order by occurred_at desc, order_id desc limit ${lookBackPurchases}
          ) as p)
      ) as o order by occurred_at desc, order_id desc limit ${lookBackPurchases}) as ids
    ) as newest cross join lateral (
      -- Offset: planned by itself, as what begins with all orders of the customer would read the table.
      select * from purchase where order_id = any(newest.ids) offset 0
    ) as p
    where p.customer_id = q.customer and p.currency = q.currency and p.refunded_minor < p.total_minor and (q.skus is null or p.lines ?| q.skus)`;
  return rows.map(toOrder);
};

/** Writes back what refunds changed. */
export const saveOrders = async (tx: Tx, orders: readonly Order[]): Promise<void> => {
  await tx`
    update purchase p set refunded_minor = u.refunded_minor, points_taken_back = u.points_taken_back, lines = u.lines::jsonb,
      awards = u.awards::jsonb
    from unnest(
      ${orders.map(({ orderId }) => orderId)}::text[], ${orders.map(({ refundedMinor }) => refundedMinor)}::bigint[],
      ${orders.map(({ pointsTakenBack }) => pointsTakenBack)}::bigint[], ${orders.map(({ lines }) => toJson(lines))}::text[],
      ${orders.map(awardsJson)}::text[]
    ) as u (order_id, refunded_minor, points_taken_back, lines, awards)
    where p.order_id = u.order_id`;
};

/** Writes back what caps left of what new orders earn. */
export const saveAwards = async (tx: Tx, orders: readonly Order[]): Promise<void> => {
  await tx`
    update purchase p set points_earned = u.points, earn_id = u.earn_id, awards = u.awards::jsonb,
      note = case when u.earn_id is null then ${CAPPED} end
    from unnest(
      ${orders.map(({ orderId }) => orderId)}::text[], ${orders.map(({ pointsEarned }) => pointsEarned)}::bigint[],
      ${orders.map(({ earnId }) => earnId)}::uuid[], ${orders.map(awardsJson)}::text[]
    ) as u (order_id, points, earn_id, awards)
    where p.order_id = u.order_id`;
};
