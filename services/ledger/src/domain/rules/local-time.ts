import {
  type CalendarZone,
  dateOf,
  endOfDateMs,
  firstDateOf,
  PERIODS,
  rememberPerDay,
  startOfDateMs,
} from '../calendar.ts';
import type { CapPeriod } from './rule.ts';

/** First days of the periods in which a day lies, as ISO dates. */
export type PeriodStarts = Readonly<Record<CapPeriod, string>>;

/** Questions about instants in a programme's zone and calendar; answers are remembered per day. */
export interface LocalTime {
  /** Monday = 0. */
  weekdayAt(ms: number): number;
  /** Hour that clocks show, 0 to 23. */
  hourAt(ms: number): number;
  /**
   * Month and day as month × 100 + day, in the calendar; `until` is the last that falls on it, as on a month's last day those do that
   * the month lacks.
   */
  monthDayAt(ms: number): { monthDay: number; until: number };
  /** The day's first and last millisecond. @throws RangeError when there is no such date in the calendar */
  dateBounds(date: string): { startMs: number; endMs: number };
  periodStartsAt(ms: number): PeriodStarts;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LONGEST_MONTH = 31;

/** Counters that never start anew have this start. */
const FOREVER = '0001-01-01';

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

const isoOf = (date: Temporal.PlainDate): string => date.withCalendar('iso8601').toString();

/** A date written YYYY-MM-DD in the calendar. @throws RangeError when there is no such date */
const readDate = ({ calendar }: CalendarZone, text: string): Temporal.PlainDate => {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (day === undefined) throw new RangeError(`"${text}" is no date`);
  const date = dateOf(calendar, Number(year), Number(month), Number(day));
  // A day that the month lacks becomes its last one.
  if (date.month !== Number(month) || date.day !== Number(day))
    throw new RangeError(`"${text}" is not in the calendar`);
  return date;
};

export const createLocalTime = (zone: CalendarZone): LocalTime => {
  const dayOf = rememberPerDay(zone, ({ date, startMs, endMs }) => ({
    weekday: date.dayOfWeek - 1,
    monthDay: date.month * 100 + date.day,
    until: date.month * 100 + (date.day === date.daysInMonth ? LONGEST_MONTH : date.day),
    startMs,
    plain: endMs - startMs === DAY_MS,
  }));
  const periodStartsAt = rememberPerDay(zone, ({ date }) => {
    const starts = PERIODS.map((period) => [period, isoOf(firstDateOf(zone.calendar, date, period))]);
    return { ...Object.fromEntries(starts), forever: FOREVER } as PeriodStarts;
  });
  return {
    weekdayAt: (ms) => dayOf(ms).weekday,
    hourAt: (ms) => {
      const { plain, startMs } = dayOf(ms);
      // On the days on which clocks are changed only the calendar knows.
      return plain
        ? Math.floor((ms - startMs) / HOUR_MS)
        : Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone.timeZone).hour;
    },
    monthDayAt: dayOf,
    dateBounds: (text) => {
      const date = readDate(zone, text);
      return { startMs: startOfDateMs(zone.timeZone, date), endMs: endOfDateMs(zone.timeZone, date) };
    },
    periodStartsAt,
  };
};
