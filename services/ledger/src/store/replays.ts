import type { Queryable, Tx } from '@vafa/bus';
import type { OrderLine } from '../domain/order.ts';
import { pastOrderOf } from '../domain/order-details.ts';
import type { Programme } from '../domain/programme.ts';
import type { PastPurchase, Tally } from '../domain/replay.ts';
import { isoOf, msOf } from './instants.ts';
import type { REPLAY_STATUSES } from './schema.ts';
import { WEEKS_BEGIN } from './tables/columns.ts';
import { weekOf } from './weeks.ts';

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

/** After which order to go on; without an id, after all orders of that customer and time. */
type After = [customerId: string, occurredAt: string, orderId: string | null];

/** Ids are never empty. */
const BEFORE_ALL: After = ['', '-infinity', ''];

/** Weeks in which orders of the replay's days may have been recorded: none is known a week before it happens. */
const weeksOfReplay = (db: Queryable, replay: Replay) => db`generate_series(
  date_bin('7 days', ${replay.fromAt}::timestamptz, ${db.unsafe(WEEKS_BEGIN)}) - interval '168 hours',
  ${replay.createdAt}::timestamptz, interval '168 hours')`;

/**
 * Customer and time of the order that stands so many places further; none = fewer are left. The index has the orders week by
 * week, each week's customer by customer: its columns alone are looked at, where the way back to the rows is short.
 */
const findEnd = async (db: Queryable, replay: Replay, after: After, places: number): Promise<After | undefined> => {
  const [row] = await db<{ customerId: string; occurredAt: string }[]>`
    select p.customer_id as "customerId", p.occurred_at as "occurredAt"
    from ${weeksOfReplay(db, replay)} as week (at) cross join lateral (
      select customer_id, occurred_at from purchase p
      where ${db.unsafe(weekOf('p'))} = week.at and (customer_id, occurred_at) > (${after[0]}::text, ${after[1]}::timestamptz)
        and occurred_at >= ${replay.fromAt}::timestamptz and occurred_at < ${replay.untilAt}::timestamptz
      order by customer_id, occurred_at limit ${places}
    ) as p order by p.customer_id, p.occurred_at offset ${places - 1} limit 1`;
  return row && [row.customerId, row.occurredAt, null];
};

const readUpTo = (
  db: Queryable,
  replay: Replay,
  after: After,
  end: After | undefined,
  limit: number,
): Promise<Row[]> => {
  const [customerId, occurredAt, orderId] = after;
  return db<Row[]>`
    select order_id as "orderId", customer_id as "customerId", occurred_at as "occurredAt",
      ${db.unsafe(msOf('occurred_at'))} as "occurredAtMs", currency, total_minor as "totalMinor",
      points_earned as "pointsEarned", lines, details
    from purchase p
    where ${db.unsafe(weekOf('p'))} = any(array(select ${weeksOfReplay(db, replay)}))
      and (customer_id, occurred_at) >= (${customerId}::text, ${occurredAt}::timestamptz)
      and ((customer_id, occurred_at) > (${customerId}::text, ${occurredAt}::timestamptz) or order_id > ${orderId}::text)
      and ${end ? db`(customer_id, occurred_at) <= (${end[0]}::text, ${end[1]}::timestamptz)` : db`true`}
      and occurred_at >= ${replay.fromAt}::timestamptz and occurred_at < ${replay.untilAt}::timestamptz
      and recorded_at < ${replay.createdAt}::timestamptz
    order by customer_id, occurred_at, order_id limit ${limit}`;
};

/**
 * The next orders after a position, customer by customer and each customer's by time; fewer than asked for only at the end.
 * Only what was kept before the replay was asked for, so that it comes to an end while purchases flow.
 */
export const readReplayed = async (
  db: Queryable,
  replay: Replay,
  limit: number,
): Promise<{ purchases: PastPurchase[]; last: Position | null }> => {
  const rows: Row[] = [];
  for (let after: After | undefined = replay.position ?? BEFORE_ALL; after && rows.length < limit; ) {
    const end: After | undefined = await findEnd(db, replay, after, limit);
    rows.push(...(await readUpTo(db, replay, after, end, limit - rows.length)));
    after = end;
  }
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
