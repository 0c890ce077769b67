import type { Queryable, Tx } from '@vafa/bus';
import { textArray } from '@vafa/bus';
import { pastOrderOf } from '../domain/order-details.ts';
import type { OrderLine } from '../domain/order-line.ts';
import type { Programme } from '../domain/programme.ts';
import type { PastPurchase, Tally } from '../domain/replay.ts';
import { isoOf, msOf } from './instants.ts';
import type { REPLAY_STATUSES } from './schema.ts';

export type ReplayStatus = (typeof REPLAY_STATUSES)[number];

export interface Replay {
  id: string;
  draftId: string;
  draftRevision: number;
  programme: Programme;
  days: number;
  fromAt: string;
  untilAt: string;
  status: ReplayStatus;
  actor: string;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  ordersTotal: number | null;
  ordersDone: number;
  tally: Tally;
  error: string | null;
}

const COLUMNS = `id, draft_id as "draftId", draft_revision as "draftRevision", definition as programme, days,
  from_at as "fromAt", until_at as "untilAt", status, actor, created_at as "createdAt", started_at as "startedAt",
  finished_at as "finishedAt", orders_total as "ordersTotal", orders_done as "ordersDone", tally, error`;

const toReplay = (row: Replay): Replay => ({
  ...row,
  fromAt: isoOf(row.fromAt),
  untilAt: isoOf(row.untilAt),
  createdAt: isoOf(row.createdAt),
  startedAt: row.startedAt === null ? null : isoOf(row.startedAt),
  finishedAt: row.finishedAt === null ? null : isoOf(row.finishedAt),
});

export const insertReplay = async (
  tx: Tx,
  row: Pick<
    Replay,
    'id' | 'draftId' | 'draftRevision' | 'programme' | 'days' | 'fromAt' | 'untilAt' | 'actor' | 'createdAt' | 'tally'
  >,
): Promise<void> => {
  await tx`insert into programme_replay (id, draft_id, draft_revision, definition, days, from_at, until_at, status, actor,
      created_at, tally)
    values (${row.id}, ${row.draftId}, ${row.draftRevision}, ${JSON.stringify(row.programme)}::text::jsonb, ${row.days},
      ${row.fromAt}::timestamptz, ${row.untilAt}::timestamptz, 'queued', ${row.actor}, ${row.createdAt}::timestamptz,
      ${JSON.stringify(row.tally)}::text::jsonb)`;
};

export const findReplay = async (db: Queryable, id: string): Promise<Replay | undefined> => {
  const [row] = await db<Replay[]>`select ${db.unsafe(COLUMNS)} from programme_replay where id = ${id}`;
  return row && toReplay(row);
};

/** Newest first. */
export const listReplays = async (db: Queryable, draftId: string, limit: number): Promise<Replay[]> => {
  const rows = await db<Replay[]>`select ${db.unsafe(COLUMNS)} from programme_replay where draft_id = ${draftId}
    order by id desc limit ${limit}`;
  return rows.map(toReplay);
};

/** Whoever else counts them waits until the end of the transaction, so that what may be asked for is not asked for by two. */
export const countOpenReplays = async (tx: Tx): Promise<number> => {
  await tx`select pg_advisory_xact_lock(hashtextextended('ledger.open_replays', 0))`;
  const [row] = await tx<
    { count: number }[]
  >`select count(*) from programme_replay where status in ('queued', 'running')`;
  return row?.count ?? 0;
};

/** The replay that waits longest and that no other process is at. It stays locked until the portion is done. */
export const claimReplay = async (tx: Tx): Promise<Replay | undefined> => {
  const [row] = await tx<Replay[]>`select ${tx.unsafe(COLUMNS)} from programme_replay
    where status in ('queued', 'running') order by id limit 1 for update skip locked`;
  return row && toReplay(row);
};

/** Keeps how far a replay has come; the caller has it locked. */
export const saveProgress = async (
  tx: Tx,
  id: string,
  progress: Pick<Replay, 'status' | 'ordersTotal' | 'ordersDone' | 'tally' | 'error'> & { at: string },
): Promise<void> => {
  const { status, ordersTotal, ordersDone, tally, error, at } = progress;
  await tx`update programme_replay set status = ${status}, orders_total = ${ordersTotal}, orders_done = ${ordersDone},
      tally = ${JSON.stringify(tally)}::text::jsonb, error = ${error},
      started_at = coalesce(started_at, ${at}::timestamptz),
      finished_at = case when ${status} = 'running' then null else ${at}::timestamptz end
    where id = ${id}`;
};

/** Ends a replay that is not at its end yet; waits for the portion that is being read. False: it was over already. */
export const cancelReplay = async (tx: Tx, id: string, at: string): Promise<boolean> => {
  const rows = await tx`update programme_replay set status = 'cancelled', finished_at = ${at}::timestamptz
    where id = ${id} and status in ('queued', 'running') returning id`;
  return rows.length > 0;
};

/** No order is known so long before it happens, whatever `BUS_FUTURE_TOLERANCE_MS` says. */
const KNOWN_BEFORE = '7 days';

/**
 * Lays out the orders that a replay goes through: those of its days that were kept before it was asked for, so that it comes to
 * an end while purchases flow, but for those told after their customer was erased, which earn nothing by any programme. Customer
 * by customer and each customer's by time, in portions. Returns how many there are. It reads the blocks of these days and sorts
 * them: orders have no index by customer, as every purchase would pay for it.
 */
export const layOutOrders = async (tx: Tx, replay: Replay, portion: number): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    with laid as (
      insert into replay_portion (replay_id, place, order_ids)
      select ${replay.id}::uuid, place / ${portion}::integer, array_agg(order_id) from (
        select order_id, (row_number() over (order by customer_id, occurred_at, order_id))::integer - 1 as place from purchase
        where recorded_at >= ${replay.fromAt}::timestamptz - ${KNOWN_BEFORE}::interval
          and recorded_at < ${replay.createdAt}::timestamptz
          and occurred_at >= ${replay.fromAt}::timestamptz and occurred_at < ${replay.untilAt}::timestamptz
          and note is distinct from 'customer_erased'
      ) as placed group by 2 returning cardinality(order_ids) as orders
    ) select coalesce(sum(orders), 0)::bigint as count from laid`;
  return row?.count ?? 0;
};

interface Row {
  orderId: string;
  customerId: string;
  occurredAtMs: number;
  currency: string;
  totalMinor: number;
  pointsEarned: number;
  lines: Record<string, OrderLine>;
  details: string | null;
}

/**
 * Takes a replay's next portion of orders, customer by customer and each customer's by time; none = all are gone through. Who
 * is merged into another while it runs may be counted twice, each part by itself.
 */
export const takeOrders = async (tx: Tx, replayId: string): Promise<PastPurchase[]> => {
  const [next] = await tx<{ orderIds: string[] }[]>`
    delete from replay_portion where replay_id = ${replayId} and place = (
      select min(place) from replay_portion where replay_id = ${replayId}
    ) returning order_ids as "orderIds"`;
  if (!next) return [];
  const rows = await tx<Row[]>`
    select order_id as "orderId", customer_id as "customerId", ${tx.unsafe(msOf('occurred_at'))} as "occurredAtMs", currency,
      total_minor as "totalMinor", points_earned as "pointsEarned", lines, details
    from purchase where order_id = any(${textArray(next.orderIds)}::text[])
    order by customer_id, occurred_at, order_id`;
  return rows.map((row) => ({
    orderId: row.orderId,
    customerId: row.customerId,
    occurredAtMs: row.occurredAtMs,
    order: pastOrderOf({ ...row, lines: new Map(Object.entries(row.lines)) }, row.details),
    pointsEarned: row.pointsEarned,
    hasDetails: row.details !== null,
  }));
};

/** Forgets what a replay that has ended would still have gone through. */
export const forgetOrders = async (tx: Tx, replayId: string): Promise<void> => {
  await tx`delete from replay_portion where replay_id = ${replayId}`;
};
