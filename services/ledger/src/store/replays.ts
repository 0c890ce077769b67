import type { Queryable, Tx } from '@vafa/bus';
import type { OrderLine } from '../domain/order.ts';
import { pastOrderOf } from '../domain/order-details.ts';
import type { Programme } from '../domain/programme.ts';
import type { PastPurchase, Tally } from '../domain/replay.ts';
import { isoOf, msOf } from './instants.ts';
import type { REPLAY_STATUSES } from './schema.ts';

export type ReplayStatus = (typeof REPLAY_STATUSES)[number];

/** Where a replay stands: the last order it went through. */
export type Position = [customerId: string, occurredAt: string, orderId: string];

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
  position: Position | null;
  tally: Tally;
  error: string | null;
}

const COLUMNS = `id, draft_id as "draftId", draft_revision as "draftRevision", definition as programme, days,
  from_at as "fromAt", until_at as "untilAt", status, actor, created_at as "createdAt", started_at as "startedAt",
  finished_at as "finishedAt", orders_total as "ordersTotal", orders_done as "ordersDone", position, tally, error`;

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

export const countOpenReplays = async (db: Queryable): Promise<number> => {
  const [row] = await db<
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
  progress: Pick<Replay, 'status' | 'ordersTotal' | 'ordersDone' | 'position' | 'tally' | 'error'> & { at: string },
): Promise<void> => {
  const { status, ordersTotal, ordersDone, position, tally, error, at } = progress;
  await tx`update programme_replay set status = ${status}, orders_total = ${ordersTotal}, orders_done = ${ordersDone},
      position = ${position === null ? null : JSON.stringify(position)}::text::jsonb,
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

/** Orders that a replay goes through, and those of these times that came since; by an index alone. */
export const countReplayed = async (db: Queryable, replay: Replay): Promise<number> => {
  const [row] = await db<{ count: number }[]>`select count(*) from purchase
    where occurred_at >= ${replay.fromAt}::timestamptz and occurred_at < ${replay.untilAt}::timestamptz`;
  return row?.count ?? 0;
};

interface Row {
  orderId: string;
  customerId: string;
  occurredAt: string;
  occurredAtMs: number;
  currency: string;
  totalMinor: number;
  pointsEarned: number;
  lines: Record<string, OrderLine>;
  details: string | null;
}

/** Ids are never empty. */
const BEFORE_ALL: Position = ['', '-infinity', ''];

/**
 * The next orders after a position, customer by customer and each customer's by time, as the index has them. Only what was
 * kept before the replay was asked for, so that it comes to an end while purchases flow.
 */
export const readReplayed = async (
  db: Queryable,
  replay: Replay,
  limit: number,
): Promise<{ purchases: PastPurchase[]; last: Position | null }> => {
  const [customerId, occurredAt, orderId] = replay.position ?? BEFORE_ALL;
  const rows = await db<Row[]>`
    select order_id as "orderId", customer_id as "customerId", occurred_at as "occurredAt",
      ${db.unsafe(msOf('occurred_at'))} as "occurredAtMs", currency, total_minor as "totalMinor",
      points_earned as "pointsEarned", lines, details
    from purchase
    where (customer_id, occurred_at, order_id) > (${customerId}::text, ${occurredAt}::timestamptz, ${orderId}::text)
      and occurred_at >= ${replay.fromAt}::timestamptz and occurred_at < ${replay.untilAt}::timestamptz
      and recorded_at < ${replay.createdAt}::timestamptz
    order by customer_id, occurred_at, order_id limit ${limit}`;
  const last = rows.at(-1);
  return {
    purchases: rows.map((row) => ({
      orderId: row.orderId,
      customerId: row.customerId,
      occurredAtMs: row.occurredAtMs,
      order: pastOrderOf({ ...row, lines: new Map(Object.entries(row.lines)) }, row.details),
      pointsEarned: row.pointsEarned,
      hasDetails: row.details !== null,
    })),
    last: last ? [last.customerId, isoOf(last.occurredAt), last.orderId] : null,
  };
};
