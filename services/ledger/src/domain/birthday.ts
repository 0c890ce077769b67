import { type CalendarZone, dateOf, dayAt, startOfDateMs } from './calendar.ts';

/** A birthday begins with its day in the programme's zone. */
export interface Birthday {
  /** Of the programme's calendar. */
  year: number;
  startMs: number;
}

/** A birthday longer ago than this is let go: nobody wants last month's congratulations. */
export const MAX_LATE_MS = 7 * 86_400_000;

/**
 * Of two birthdays closer than this one is the other, of which another date was told since, or which another name of the same
 * customer had: dates move over the turn of the year, too.
 */
const APART_MS = 183 * 86_400_000;

/** Is that one and the same birthday of a customer? A year has one. */
export const isSameBirthday = (a: Birthday, b: Birthday): boolean =>
  a.year === b.year || Math.abs(a.startMs - b.startMs) < APART_MS;

const TEMPORAL_NAME = { gregorian: 'iso8601', persian: 'persian' } as const;

/** Gregorian YYYY-MM-DD, in the programme's calendar; undefined when there is no such date. */
const readBirthDate = (birthDate: string, { calendar }: CalendarZone): Temporal.PlainDate | undefined => {
  try {
    return Temporal.PlainDate.from(birthDate).withCalendar(TEMPORAL_NAME[calendar]);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** Whoever was born on a leap day has the birthday on the month's last day in other years. */
const inYear = (born: Temporal.PlainDate, year: number, { calendar, timeZone }: CalendarZone): Birthday => ({
  year,
  startMs: startOfDateMs(timeZone, dateOf(calendar, year, born.month, born.day)),
});

/** The first birthday that begins after an instant; null when the date of birth is none. */
export const nextBirthday = (birthDate: string, zone: CalendarZone, afterMs: number): Birthday | null => {
  const born = readBirthDate(birthDate, zone);
  if (born === undefined) return null;
  const { year } = dayAt(zone, afterMs).date;
  const thisYear = inYear(born, year, zone);
  return thisYear.startMs > afterMs ? thisYear : inYear(born, year + 1, zone);
};

/**
 * The birthday to be given next to whom is made known at an instant: one that has just begun is not too late. null when the date
 * of birth is none.
 */
export const birthdayToGive = (birthDate: string, zone: CalendarZone, atMs: number): Birthday | null =>
  nextBirthday(birthDate, zone, atMs - MAX_LATE_MS);

/** The last birthday that has begun by an instant; null when the date of birth is none. */
export const lastBirthday = (birthDate: string, zone: CalendarZone, byMs: number): Birthday | null => {
  const born = readBirthDate(birthDate, zone);
  if (born === undefined) return null;
  const { year } = dayAt(zone, byMs).date;
  const thisYear = inYear(born, year, zone);
  return thisYear.startMs <= byMs ? thisYear : inYear(born, year - 1, zone);
};
