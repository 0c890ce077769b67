import type { Tx } from '@vafa/bus';
import { type CalendarZone, dayAt } from '../domain/calendar.ts';
import { monthAt, startOfMonthMs } from '../domain/finance/months.ts';
import { findClosedUntil, findFirstRecorded, insertClosing, openMovements } from '../store/finance.ts';
import { takeRecordedUntil } from '../store/finance-locks.ts';
import { allowLongReads } from '../store/long-reads.ts';
import { findProgramme, lockProgramme } from '../store/programmes.ts';
import { countsBy } from './keep-calendar.ts';

/**
 * A day is closed so long after its end: processes whose clocks are further behind than this would be refused, as would
 * transactions that last longer.
 */
const CLOSE_AFTER_MS = 3_600_000;
/** Enough for the entries of a day, tens of millions. */
const LIMIT_MS = 600_000;

/** The end of the first day that is over (before the limit, a day's start) and has entries; without any, of the last month that is over. */
const endOf = (zone: CalendarZone, firstMs: number | null, limitMs: number): number =>
  firstMs === null ? startOfMonthMs(zone, monthAt(zone, limitMs)) : dayAt(zone, firstMs).endMs;

/**
 * Is this still the calendar of the programme? The first closing keeps it for ever (see `keepCalendar`), so it and a change of the
 * programme wait for each other.
 */
const isInForce = async (tx: Tx, zone: CalendarZone): Promise<boolean> => {
  await lockProgramme(tx);
  return countsBy(await findProgramme(tx), zone);
};

/**
 * Closes the books up to the end of the first day that is over and has entries, in the programme's zone. What is closed never
 * changes: an entry that comes later, though it tells of earlier times, is recorded later and counts then. Returns 1, or 0
 * when nothing is to be closed, somebody still books in that day, or the programme counts by another calendar meanwhile.
 */
export const closeFinanceDay = async (tx: Tx, now: Temporal.Instant, zone: CalendarZone): Promise<number> => {
  const limitMs = dayAt(zone, now.epochMilliseconds - CLOSE_AFTER_MS).startMs;
  const closedUntilMs = await findClosedUntil(tx);
  if (closedUntilMs !== null && closedUntilMs >= limitMs) return 0;
  await allowLongReads(tx, LIMIT_MS);
  const firstMs = await findFirstRecorded(tx, { sinceMs: closedUntilMs, untilMs: limitMs });
  if (firstMs === null && closedUntilMs === null) return 0;
  const sinceMs = closedUntilMs ?? dayAt(zone, firstMs as number).startMs;
  const untilMs = endOf(zone, firstMs, limitMs);
  if (untilMs <= sinceMs || !(await takeRecordedUntil(tx, untilMs))) return 0;
  const month = monthAt(zone, untilMs - 1);
  const booking = { months: [month], startsMs: [sinceMs] };
  const context = { zone, booking, nowMs: now.epochMilliseconds, month };
  const movements = await openMovements(tx, { sinceMs, untilMs }, context);
  if (closedUntilMs === null && !(await isInForce(tx, zone))) return 0;
  await insertClosing(tx, { sinceMs, untilMs, closedAt: now.toString(), zone, movements });
  return 1;
};
