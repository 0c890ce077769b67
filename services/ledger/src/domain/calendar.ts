/** persian = the solar Hijri (Jalali) calendar of Iran. */
export const CALENDARS = ['gregorian', 'persian'] as const;
export type CalendarName = (typeof CALENDARS)[number];

export const PERIODS = ['day', 'week', 'month', 'quarter', 'half', 'year'] as const;
export type Period = (typeof PERIODS)[number];

/** The calendar by which a programme counts, and the IANA zone in which its days begin. */
export interface CalendarZone {
  calendar: CalendarName;
  timeZone: string;
}

/** Zones may have more than one name, e.g. `Asia/Tehran` and `Iran`. */
export const isSameTimeZone = (a: string, b: string): boolean => {
  const instant = Temporal.Instant.fromEpochMilliseconds(0);
  return instant.toZonedDateTimeISO(a).equals(instant.toZonedDateTimeISO(b));
};

/** A day of a zone. Days follow each other without gap or overlap: `startMs` included, `endMs` not. */
export interface LocalDay {
  /** In the programme's calendar. */
  date: Temporal.PlainDate;
  startMs: number;
  endMs: number;
}

/** Names that Temporal gives the calendars; the ISO calendar is the Gregorian one without eras. */
const TEMPORAL_NAME: Readonly<Record<CalendarName, string>> = { gregorian: 'iso8601', persian: 'persian' };
/** Day on which weeks begin, Monday = 1: Monday by ISO 8601, Saturday in Iran. */
const FIRST_WEEKDAY: Readonly<Record<CalendarName, number>> = { gregorian: 1, persian: 6 };
const MONTHS: Readonly<Record<'month' | 'quarter' | 'half' | 'year', number>> = {
  month: 1,
  quarter: 3,
  half: 6,
  year: 12,
};

/** First millisecond of a date; not always 00:00, where clocks jump over it. */
export const startOfDateMs = (timeZone: string, date: Temporal.PlainDate): number =>
  date.toZonedDateTime(timeZone).epochMilliseconds;

/** Last millisecond of a date. */
export const endOfDateMs = (timeZone: string, date: Temporal.PlainDate): number =>
  startOfDateMs(timeZone, date.add({ days: 1 })) - 1;

/** A date given by the numbers of a calendar; a day that its month does not have is the month's last. */
export const dateOf = (calendar: CalendarName, year: number, month: number, day: number): Temporal.PlainDate =>
  Temporal.PlainDate.from({ calendar: TEMPORAL_NAME[calendar], year, month, day }, { overflow: 'constrain' });

/** An ISO 8601 date as one of a calendar. */
export const inCalendar = (calendar: CalendarName, isoDate: string): Temporal.PlainDate =>
  Temporal.PlainDate.from(isoDate).withCalendar(TEMPORAL_NAME[calendar]);

/**
 * The day in which an instant lies. Where clocks go back over midnight, the hour that comes twice counts for the new day:
 * time only goes forward here.
 */
export const dayAt = ({ calendar, timeZone }: CalendarZone, ms: number): LocalDay => {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate();
  const nextMs = startOfDateMs(timeZone, local.add({ days: 1 }));
  const isoDate = nextMs <= ms ? local.add({ days: 1 }) : local;
  return {
    date: isoDate.withCalendar(TEMPORAL_NAME[calendar]),
    startMs: startOfDateMs(timeZone, isoDate),
    endMs: nextMs <= ms ? startOfDateMs(timeZone, isoDate.add({ days: 1 })) : nextMs,
  };
};

/** First date of the period in which a date lies. Quarters and halves are those of the calendar's year. */
export const firstDateOf = (calendar: CalendarName, date: Temporal.PlainDate, period: Period): Temporal.PlainDate => {
  if (period === 'day') return date;
  if (period === 'week') return date.subtract({ days: (date.dayOfWeek - FIRST_WEEKDAY[calendar] + 7) % 7 });
  const months = MONTHS[period];
  return date.with({ month: date.month - ((date.month - 1) % months), day: 1 });
};

/** First date of the period after the one that begins at `first`, `count` times. */
const periodsLater = (first: Temporal.PlainDate, period: Period, count: number): Temporal.PlainDate => {
  if (period === 'day') return first.add({ days: count });
  if (period === 'week') return first.add({ days: 7 * count });
  return first.add({ months: MONTHS[period] * count });
};

/** Last date of the period in which a date lies. */
export const lastDateOf = (calendar: CalendarName, date: Temporal.PlainDate, period: Period): Temporal.PlainDate =>
  periodsLater(firstDateOf(calendar, date, period), period, 1).subtract({ days: 1 });

/** First millisecond of the period in which an instant lies. */
export const startOfPeriodMs = (zone: CalendarZone, ms: number, period: Period): number =>
  startOfDateMs(zone.timeZone, firstDateOf(zone.calendar, dayAt(zone, ms).date, period));

/** Last millisecond of the period in which an instant lies. */
export const endOfPeriodMs = (zone: CalendarZone, ms: number, period: Period): number =>
  endOfDateMs(zone.timeZone, lastDateOf(zone.calendar, dayAt(zone, ms).date, period));

/** Starts of the next `count` periods after an instant, as milliseconds since 1970. */
export const boundariesAfter = (zone: CalendarZone, ms: number, period: Period, count: number): number[] => {
  const first = firstDateOf(zone.calendar, dayAt(zone, ms).date, period);
  return Array.from({ length: count }, (_, i) => startOfDateMs(zone.timeZone, periodsLater(first, period, i + 1)));
};

export type DateUnit = 'days' | 'months' | 'years';

/** Adds days, months or years of the date's calendar; a day that the month does not have is the month's last. */
export const addToDate = (date: Temporal.PlainDate, amount: number, unit: DateUnit): Temporal.PlainDate =>
  date.add({ [unit]: amount }, { overflow: 'constrain' });

const HOUR_MS = 3_600_000;
/** Hours remembered; beyond that the memory starts anew. */
const MAX_HOURS = 20_000;

/**
 * Remembers what depends only on the day of an instant: calendar arithmetic costs microseconds, looking up by the hour a
 * twentieth of one. An hour holds the end of one day and the start of the next where days begin at half past.
 */
export const rememberPerDay = <Value>(
  zone: CalendarZone,
  answerFor: (day: LocalDay) => Value,
): ((ms: number) => Value) => {
  interface Known {
    startMs: number;
    endMs: number;
    value: Value;
  }
  const known = new Map<number, Known[]>();
  let last: Known | undefined;
  const holds = (each: Known | undefined, ms: number): each is Known =>
    each !== undefined && each.startMs <= ms && ms < each.endMs;

  return (ms) => {
    if (holds(last, ms)) return last.value;
    const hour = Math.floor(ms / HOUR_MS);
    const candidates = known.get(hour) ?? [];
    let found = candidates.find((each) => holds(each, ms));
    if (!found) {
      const day = dayAt(zone, ms);
      found = { startMs: day.startMs, endMs: day.endMs, value: answerFor(day) };
      if (known.size >= MAX_HOURS) known.clear();
      known.set(hour, [...candidates, found]);
    }
    last = found;
    return found.value;
  };
};
