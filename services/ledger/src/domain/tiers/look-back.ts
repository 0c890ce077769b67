import { addToDate, type CalendarZone, dayAt, endOfDateMs, firstDateOf, inCalendar } from '../calendar.ts';
import { placeFor, type TierStructure } from './structure.ts';
import { canBeLost, validUntilMs } from './validity.ts';
import { type DaySum, isoDate, sumWithin, type WindowDays, windowOf } from './window.ts';

/**
 * Days, as ISO 8601 dates, whose sums are more than at the last look: the windows that they are in are asked, though they are
 * over. all = any day's may be, as where everybody is counted anew.
 */
export type ToldDays = readonly string[] | 'all';

type Terms = { structure: TierStructure; zone: CalendarZone };

/** A level that was reached in a window that is over, and until when it is kept (null = for ever). */
export interface ReachedBefore {
  place: number;
  untilMs: number | null;
}

/** Before the first day of any shop: where a tier is kept for ever, all that ever counted is asked. */
const EARLIEST_DAY = '1000-01-01';

/** First day that no window which is over has. Rolling windows end with each day. */
const firstOpenDay = ({ structure, zone }: Terms, today: Temporal.PlainDate): string =>
  structure.window.kind === 'rolling' ? isoDate(today) : windowOf(structure.window, zone, today).first;

/**
 * First date on which a tier can have been reached whose validity, or grace, still runs; null = there is none, as a tier is
 * never lost.
 */
const reachesBackTo = ({ structure, zone }: Terms, today: Temporal.PlainDate): Temporal.PlainDate | null => {
  const { levels, validity, window, graceDays } = structure;
  if (levels.some(({ threshold }, place) => threshold > 0 && !canBeLost(structure, place))) return null;
  const ends = addToDate(today, -graceDays, 'days');
  if (validity.kind === 'months') {
    const { amount, roundUpTo } = validity;
    return addToDate(roundUpTo ? firstDateOf(zone.calendar, ends, roundUpTo) : ends, -amount, 'months');
  }
  // What is had as long as it is earned the window of today tells, but for the days of grace.
  if (window.kind === 'rolling') return graceDays === 0 ? today : addToDate(ends, -window.months, 'months');
  const more = validity.kind === 'windows' ? validity.more : 0;
  let first = firstDateOf(zone.calendar, ends, window.period);
  for (let i = 0; i < more; i++) first = firstDateOf(zone.calendar, first.subtract({ days: 1 }), window.period);
  return first;
};

/** First day whose sum a look may need at a customer of whom anything is told late, as an ISO 8601 date. */
export const daysBackFrom = (terms: Terms, today: Temporal.PlainDate): string => {
  const date = reachesBackTo(terms, today);
  return date === null ? EARLIEST_DAY : windowOf(terms.structure.window, terms.zone, date).first;
};

/** First day whose sum is needed to ask the windows of days that were told; undefined = none of them is asked. */
export const daysToldFrom = (terms: Terms, told: ToldDays, today: Temporal.PlainDate): string | undefined => {
  const back = daysBackFrom(terms, today);
  if (told === 'all') return back;
  const [first] = toldBefore(terms, told, today).toSorted();
  if (first === undefined) return undefined;
  const from = windowOf(terms.structure.window, terms.zone, inCalendar(terms.zone.calendar, first)).first;
  if (from < back) return back;
  return from;
};

/** Those of some days that are in a window that is over, and may have given a tier that is still had. */
export const toldBefore = (terms: Terms, days: readonly string[], today: Temporal.PlainDate): string[] => {
  const open = firstOpenDay(terms, today);
  const over = days.filter((day) => day < open);
  if (over.length === 0) return over;
  const reached = reachesBackTo(terms, today);
  if (reached !== null && isoDate(reached) >= open) return [];
  const back = daysBackFrom(terms, today);
  return over.filter((day) => day >= back);
};

/** One sum per day, the first day first. */
const inOrder = (days: readonly DaySum[]): DaySum[] => {
  const sums = new Map<string, number>();
  for (const { day, amount } of days) sums.set(day, (sums.get(day) ?? 0) + amount);
  return [...sums].map(([day, amount]) => ({ day, amount })).sort((a, b) => (a.day < b.day ? -1 : 1));
};

/**
 * Until when a level is kept that was reached on a date, by what had counted then: so long, and so much longer each time that
 * validity ended within the window, which was enough for it.
 */
const keptUntilMs = (
  { structure, zone }: Terms,
  known: readonly DaySum[],
  place: number,
  { date, last }: { date: Temporal.PlainDate; last: string | null },
): number | null => {
  let untilMs = validUntilMs(structure, zone, known, place, date);
  while (untilMs !== null && last !== null) {
    const lastDay = dayAt(zone, untilMs).date;
    if (isoDate(lastDay) > last) break;
    const again = validUntilMs(structure, zone, known, place, lastDay);
    if (again !== null && again <= untilMs) break;
    untilMs = again;
  }
  return untilMs;
};

/**
 * The best that windows which are over still give: each level from the day on that reached it, so long as its validity and
 * grace run. A rolling window gives it anew on each day on which something counted and it held enough.
 */
export const reachedBefore = (
  { structure, zone, days }: Terms & { days: readonly DaySum[] },
  told: ToldDays,
  nowMs: number,
): ReachedBefore | undefined => {
  const today = dayAt(zone, nowMs).date;
  const open = firstOpenDay({ structure, zone }, today);
  const sums = inOrder(days);
  const isAsked = ({ first, last }: WindowDays): boolean =>
    told === 'all' || told.some((day) => day >= first && (last === null || day <= last));
  const stillRuns = (untilMs: number | null): boolean =>
    untilMs === null ||
    nowMs <= endOfDateMs(zone.timeZone, addToDate(dayAt(zone, untilMs).date, structure.graceDays, 'days'));

  let best: ReachedBefore | undefined;
  let window: WindowDays | undefined;
  for (const [i, { day, amount }] of sums.entries()) {
    if (day >= open) break;
    if (amount <= 0) continue;
    const date = inCalendar(zone.calendar, day);
    // Days come in their order: those of one window of the calendar share it.
    if (!window?.last || day > window.last) window = windowOf(structure.window, zone, date);
    const { first, last } = window;
    if (!isAsked({ first, last: last ?? day })) continue;
    const sum = sumWithin(sums, { first, last: day });
    const before = last === null ? -1 : placeFor(structure, sum - amount);
    for (let place = placeFor(structure, sum); place > before && place >= (best?.place ?? 0); place--) {
      const untilMs = keptUntilMs({ structure, zone }, sums.slice(0, i + 1), place, { date, last });
      const isLonger = best?.place !== place || (untilMs ?? Infinity) > (best.untilMs ?? Infinity);
      if (stillRuns(untilMs) && isLonger) best = { place, untilMs };
    }
  }
  return best;
};
