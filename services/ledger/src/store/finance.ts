import type { Queryable, Tx } from '@vafa/bus';
import { assert } from '@vafa/kernel';
import type { CalendarName, CalendarZone } from '../domain/calendar.ts';
import {
  inCalendar,
  type Month,
  type MonthTable,
  monthNumber,
  monthOfNumber,
  monthTable,
} from '../domain/finance/months.ts';
import { type Movement, type MovementKind, WALLET } from '../domain/finance/movement.ts';
import { LONGEST_TRANSACTION_MS } from './finance-locks.ts';
import { isoOf, isoOfMs } from './instants.ts';
import { inAnyWeek } from './weeks.ts';

/** Entries recorded from one instant (included) to another (excluded); null = without end. */
export interface Range {
  sinceMs: number | null;
  untilMs: number | null;
}

interface Row {
  month: number;
  cohort: number | null;
  tier: string;
  kind: MovementKind;
  happened: number | null;
  points: number;
}

/** The first id that a transfer of an instant can have: ids begin with the time (see `entryId`). */
export const firstIdAt = (ms: number): string => {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
};

const literal = (values: readonly string[]): string => `{${values.join(',')}}`;
const instants = ({ startsMs }: MonthTable): string => literal(startsMs.map((ms) => isoOfMs(ms)));
/** Name of the month of a bucket; what is before the table is called the month before it. */
export const monthIn = ({ months }: MonthTable, bucket: number): Month =>
  months[bucket - 1] ?? monthOfNumber(monthNumber(months[0] ?? '0000-01') - 1);

/** Issue months reach back to 1970; known tables are kept, as making one costs some milliseconds. */
const issueTables = new Map<string, MonthTable>();
const MAX_TABLES = 20;
export const issueTable = (zone: CalendarZone, nowMs: number): MonthTable => {
  const key = `${zone.calendar} ${zone.timeZone} ${Math.floor(nowMs / 86_400_000)}`;
  const known = issueTables.get(key);
  if (known) return known;
  if (issueTables.size >= MAX_TABLES) issueTables.clear();
  // A day more: entries may be a little ahead of this process's clock.
  const table = monthTable(zone, 0, nowMs + 86_400_000);
  issueTables.set(key, table);
  return table;
};

/**
 * What the entries recorded in a stretch of time moved, by month of booking, month of issue, kind and month of spending. The
 * time of issue is in the lot's id. A debit counts for the lots that it drew from; what no lot gave is owed (month of issue
 * null). Uses the index on recorded_at, so it costs what the stretch holds, not what the book holds.
 *
 * An owner's lots lie in a row, those that expire last first. What was given back before a reservation was captured is the
 * beginning of the row, what was spent the rest of it; what refunds give back of that is taken from there, one after the
 * other (see `intoLots`). So the answer does not depend on what is given back later.
 */
export const entryMovements = (
  db: Queryable,
  { sinceMs, untilMs }: Range,
  booking: MonthTable,
  issue: MonthTable,
  wants: { tiers: boolean },
) => {
  const since = sinceMs === null ? '-infinity' : isoOfMs(sinceMs);
  const until = untilMs === null ? 'infinity' : isoOfMs(untilMs);
  return db<Row[]>`
    with debit as materialized (
      select id, kind, recorded_at, occurred_at, lot_id, amount,
        case when kind = 'redeem' then coalesce(reservation_id, id) else id end as owner_id
      from transfer
      where recorded_at >= ${since}::timestamptz and recorded_at < ${until}::timestamptz
        and debit in ('customer', 'pending') and credit not in ('customer', 'pending')
    ), credit as (
      select id, kind, recorded_at, occurred_at, amount, customer_id, seq, reservation_id, reverses_id,
        -- A transfer that brought a lot has its id.
        case when kind in ('earn', 'adjust') then id else lot_id end as lot_id
      from transfer
      where recorded_at >= ${since}::timestamptz and recorded_at < ${until}::timestamptz
        and credit in ('customer', 'pending') and debit not in ('customer', 'pending')
    ), wanted as materialized (
      select id, kind, recorded_at, occurred_at, -1 as sign, amount, owner_id, amount as spent, 0 as given_back
      from debit where lot_id is null
      union all
      select c.id, c.kind, c.recorded_at, c.occurred_at, 1, c.amount, coalesce(c.reservation_id, c.reverses_id), t.amount, (
        select coalesce(sum(e.amount), 0)::bigint from transfer e
        where ${db.unsafe(inAnyWeek('transfer', 'e'))} and e.customer_id = any(array(
            select r.id union all select former.customer_id from balance former where former.merged_into = r.id
          )) and e.kind = c.kind and e.reverses_id = c.reverses_id
          and case when e.customer_id = c.customer_id then e.seq < c.seq else e.recorded_at < c.recorded_at end
      )
      from credit c join transfer t on t.id = c.reverses_id
      -- What was given back before a merge stands under the customer who was merged.
      cross join lateral (
        select coalesce((select merged_into from balance b where b.customer_id = c.customer_id), c.customer_id) as id
      ) r
      where c.kind = 'redeem_reversal'
    ), stacked as materialized (
      select a.owner_id, a.lot_id, sum(a.points) over (partition by a.owner_id) as total,
        sum(a.points) over below - a.points as low, sum(a.points) over below as high
      from (select distinct owner_id from wanted) o join allocation a using (owner_id) join lot l on l.id = a.lot_id
      window below as (partition by a.owner_id order by l.expires_at desc nulls first, l.id desc)
    ), drawn as materialized (
      select w.id, s.lot_id, (
          least(s.high, greatest(0, s.total - w.spent) + w.given_back + w.amount)
            - greatest(s.low, greatest(0, s.total - w.spent) + w.given_back)
        )::bigint as amount
      from wanted w join stacked s using (owner_id)
    ), part as (
      select kind, recorded_at, occurred_at, amount as points, lot_id from credit where kind <> 'redeem_reversal'
      union all
      select kind, recorded_at, occurred_at, -amount, lot_id from debit where lot_id is not null
      union all
      select w.kind, w.recorded_at, w.occurred_at, w.sign * d.amount, d.lot_id
      from wanted w join drawn d using (id) where d.amount > 0
      union all
      select w.kind, w.recorded_at, w.occurred_at, w.sign * (w.amount - coalesce(d.amount, 0)), null
      from wanted w left join (select id, sum(amount)::bigint as amount from drawn where amount > 0 group by id) d using (id)
      where w.amount <> coalesce(d.amount, 0)
    )
    select width_bucket(recorded_at, ${instants(booking)}::timestamptz[]) as month,
      width_bucket(lot_id, ${literal(issue.startsMs.map(firstIdAt))}::uuid[]) as cohort,
      ${wants.tiers ? db`coalesce((select tier from lot where lot.id = part.lot_id), '')` : db`''`} as tier, kind,
      case when kind in ('redeem', 'redeem_reversal')
        then width_bucket(occurred_at, ${instants(issue)}::timestamptz[]) end as happened,
      sum(points)::bigint as points
    from part group by 1, 2, 3, 4, 5`;
};

/**
 * Points that left their month of issue because a credit paid off what was owed; by month of issue. Until an instant: a day is
 * closed later than it ends, and what was paid off meanwhile is of the next one. A lot that paid off when it was booked did so
 * at the time of its entry, else `paid_off` says when.
 */
export const absorbedSoFar = (db: Queryable, untilMs: number | null, issue: MonthTable) => {
  const until = untilMs === null ? 'infinity' : isoOfMs(untilMs);
  return db<{ cohort: number; tier: string; points: number }[]>`
    select width_bucket(lot.id, ${literal(issue.startsMs.map(firstIdAt))}::uuid[]) as cohort,
      coalesce(lot.tier, '') as tier, sum(lot.absorbed - coalesce(later.points, 0))::bigint as points
    from lot
    left join (
      select lot_id, sum(points)::bigint as points from paid_off where recorded_at >= ${until}::timestamptz group by lot_id
    ) as later on later.lot_id = lot.id
    where lot.absorbed > 0 and ${
      // Looked up one by one: joined, the whole book may be read for a handful of lots.
      untilMs === null ? db`true` : db`(select recorded_at from transfer t where t.id = lot.id) < ${until}::timestamptz`
    }
    group by 1, 2`;
};

const noneIfEmpty = (text: string): string | null => (text === '' ? null : text);

/**
 * What moved between months of issue since the books were closed. Nothing is booked when a credit pays off what is owed: it
 * is what the lots say less what the closed books say.
 */
const offsetMovements = async (
  db: Queryable,
  untilMs: number | null,
  zone: CalendarZone,
  issue: MonthTable,
  month: Month,
): Promise<Movement[]> => {
  const [absorbed, closed] = await Promise.all([absorbedSoFar(db, untilMs, issue), closedOffsets(db)]);
  const open = new Map<string, { cohort: Month; tier: string | null; points: number }>();
  const add = (cohort: Month, tier: string | null, points: number): void => {
    const key = JSON.stringify([cohort, tier]);
    const found = open.get(key) ?? { cohort, tier, points: 0 };
    found.points += points;
    open.set(key, found);
  };
  for (const { cohort, tier, points } of absorbed) add(monthIn(issue, cohort), noneIfEmpty(tier), -points);
  for (const { cohort, calendar, tier, points } of closed)
    add(inCalendar(cohort, calendar, zone.calendar), noneIfEmpty(tier), -points);
  const common = { month, wallet: WALLET, kind: 'offset', happened: null } as const;
  const changed = [...open.values()].filter(({ points }) => points !== 0);
  const paidOff = changed.reduce((sum, { points }) => sum - points, 0);
  return [
    ...changed.map((each) => ({ ...common, ...each })),
    ...(paidOff === 0 ? [] : [{ ...common, cohort: null, tier: null, points: paidOff }]),
  ];
};

const closedOffsets = (db: Queryable) =>
  db<{ cohort: Month; calendar: CalendarName; tier: string; points: number }[]>`
    select m.cohort, c.calendar, m.tier, sum(m.points)::bigint as points
    from finance_movement m join finance_close c using (until)
    where m.kind = 'offset' and m.cohort <> '' group by 1, 2, 3`;

/**
 * Did anybody ever have a tier? Else no lot has one, and none is looked at. A free level is had without a state, from the moment at
 * which tiers are in force: then it is told by programmes that had tiers.
 */
export const hasTiers = async (db: Queryable): Promise<boolean> => {
  const [row] = await db<{ any: boolean }[]>`
    select exists (select from tier_state)
      or exists (select from programme_version where definition -> 'tiers' is not null) as any`;
  return row?.any ?? false;
};

/** What moved in a stretch of time that is not closed. `month` is told for what has no entry of its own. */
export const openMovements = async (
  db: Queryable,
  range: Range,
  context: { zone: CalendarZone; booking: MonthTable; nowMs: number; month: Month },
): Promise<Movement[]> => {
  const issue = issueTable(context.zone, context.nowMs);
  const wants = { tiers: await hasTiers(db) };
  const [rows, offsets] = await Promise.all([
    entryMovements(db, range, context.booking, issue, wants),
    offsetMovements(db, range.untilMs, context.zone, issue, context.month),
  ]);
  const movements = rows.map(({ month, cohort, tier, kind, happened, points }) => ({
    month: monthIn(context.booking, month),
    wallet: WALLET,
    tier: noneIfEmpty(tier),
    cohort: cohort === null ? null : monthIn(issue, cohort),
    kind,
    happened: happened === null ? null : monthIn(issue, happened),
    points,
  }));
  return [...movements, ...offsets];
};

/** End of what is closed, milliseconds since 1970; null = nothing is. */
export const findClosedUntil = async (db: Queryable): Promise<number | null> => {
  const [row] = await db<{ until: string }[]>`select until from finance_close order by until desc limit 1`;
  return row ? Temporal.Instant.from(isoOf(row.until)).epochMilliseconds : null;
};

/** By which calendar and zone days were closed last; undefined = none is closed. */
export const findClosedZone = async (db: Queryable): Promise<CalendarZone | undefined> => {
  const [row] = await db<CalendarZone[]>`
    select calendar, time_zone as "timeZone" from finance_close order by until desc limit 1`;
  return row;
};

const DAY_MS = 86_400_000;

/**
 * An instant before which nothing was recorded, some hours before the first entry; null = there is none. By the seals, which are
 * few: in a chain one that lasted long may stand behind one that began after it.
 */
const findBeginning = async (db: Queryable): Promise<number | null> => {
  const [row] = await db<{ at: string | null }[]>`select min(at) as at from seal where seq = 1`;
  return row?.at ? Temporal.Instant.from(isoOf(row.at)).epochMilliseconds - LONGEST_TRANSACTION_MS : null;
};

/**
 * When the first entry of a stretch of time was recorded, `sinceMs` null: of all times; null = there is none. Looks into the
 * first day, then into the next two, four …: a backlog is not read as a whole for its first entry. A look reads the blocks of
 * these days alone, also in a new book of which the planner knows nothing yet; those of the last minute, too, as they are not
 * in the index yet. So on a book's first day, when this is asked every minute, there is none, unless it began in the first hours
 * of the day.
 */
export const findFirstRecorded = async (
  tx: Tx,
  { sinceMs, untilMs }: { sinceMs: number | null; untilMs: number },
): Promise<number | null> => {
  const fromMs = sinceMs ?? (await findBeginning(tx));
  if (fromMs === null || fromMs >= untilMs) return null;
  await tx`set local enable_seqscan = off`;
  const found = await lookForward(tx, fromMs, untilMs);
  await tx`set local enable_seqscan = on`;
  return found;
};

const lookForward = async (tx: Tx, sinceMs: number, untilMs: number): Promise<number | null> => {
  for (let fromMs = sinceMs, days = 1; fromMs < untilMs; days *= 2) {
    const toMs = Math.min(untilMs, fromMs + days * DAY_MS);
    const [row] = await tx<{ at: string | null }[]>`select min(recorded_at) as at from transfer
      where recorded_at >= ${isoOfMs(fromMs)}::timestamptz and recorded_at < ${isoOfMs(toMs)}::timestamptz`;
    if (row?.at) return Temporal.Instant.from(isoOf(row.at)).epochMilliseconds;
    fromMs = toMs;
  }
  return null;
};

/** What moved in all that is closed, added up by month. Months of issue are told in the zone's calendar. */
export const closedMovements = async (
  db: Queryable,
  zone: CalendarZone,
  booking: MonthTable,
  wants: { happened: boolean },
): Promise<Movement[]> => {
  const rows = await db<
    (Omit<Movement, 'month' | 'cohort' | 'happened' | 'tier'> & {
      month: number;
      cohort: string;
      tier: string;
      happened: string;
      calendar: CalendarName;
    })[]
  >`
    select width_bucket(m.until - interval '1 millisecond', ${instants(booking)}::timestamptz[]) as month, m.wallet, m.tier,
      m.cohort, m.kind, case when ${wants.happened} then m.happened else '' end as happened, c.calendar,
      sum(m.points)::bigint as points
    from finance_movement m join finance_close c using (until) group by 1, 2, 3, 4, 5, 6, 7`;
  const told = (month: string, calendar: CalendarName): Month | null =>
    month === '' ? null : inCalendar(month, calendar, zone.calendar);
  return rows.map(({ month, cohort, tier, happened, calendar, ...row }) => ({
    ...row,
    month: monthIn(booking, month),
    tier: noneIfEmpty(tier),
    cohort: told(cohort, calendar),
    happened: told(happened, calendar),
  }));
};

export interface Closing {
  sinceMs: number;
  untilMs: number;
  closedAt: string;
  zone: CalendarZone;
  movements: readonly Movement[];
}

/**
 * Closes a stretch of time. The entries are counted and added up anew, apart from the movements.
 * @throws Error when the movements are not what the entries say; nothing is closed then
 */
export const insertClosing = async (tx: Tx, closing: Closing): Promise<void> => {
  const { zone, movements } = closing;
  const [since, until] = [isoOfMs(closing.sinceMs), isoOfMs(closing.untilMs)];
  const [row] = await tx<{ points: number }[]>`
    insert into finance_close (until, since, closed_at, calendar, time_zone, entries, points)
    select ${until}::timestamptz, ${since}::timestamptz, ${closing.closedAt}::timestamptz, ${zone.calendar}, ${zone.timeZone},
      count(*), coalesce(sum(
        ((credit in ('customer', 'pending'))::integer - (debit in ('customer', 'pending'))::integer) * amount
      ), 0)
    from transfer where recorded_at >= ${since}::timestamptz and recorded_at < ${until}::timestamptz
    returning points`;
  const moved = movements.reduce((sum, { points }) => sum + points, 0);
  assert(row?.points === moved, 'what moved is what the entries say');
  await tx`insert into finance_movement (until, wallet, tier, cohort, kind, happened, points)
    select ${until}::timestamptz, * from unnest(
      ${movements.map(({ wallet }) => wallet)}::text[], ${movements.map(({ tier }) => tier ?? '')}::text[],
      ${movements.map(({ cohort }) => cohort ?? '')}::text[], ${movements.map(({ kind }) => kind)}::text[],
      ${movements.map(({ happened }) => happened ?? '')}::text[], ${movements.map(({ points }) => points)}::bigint[]
    )`;
};
