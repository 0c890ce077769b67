import type { Activation } from '../domain/activation.ts';
import type { CalendarZone, Period } from '../domain/calendar.ts';
import type { MonthDay } from '../domain/calendar-dates.ts';
import type { Expiry } from '../domain/expiry-policy.ts';

type Day = Temporal.PlainDate;

const MONTHS = { month: 1, quarter: 3, half: 6, year: 12 } as const;
const next = (day: Day): Day => day.add({ days: 1 });

/** Are two days of one calendar in one period? Weeks begin on Monday, or on Saturday in the Persian calendar. */
export const isSamePeriod = (period: Period, a: Day, b: Day): boolean => {
  if (period === 'day') return a.equals(b);
  if (period === 'week') {
    const into = ({ calendarId, dayOfWeek }: Day): number =>
      calendarId === 'persian' ? (dayOfWeek + 1) % 7 : dayOfWeek - 1;
    return a.subtract({ days: into(a) }).equals(b.subtract({ days: into(b) }));
  }
  return a.year === b.year && Math.ceil(a.month / MONTHS[period]) === Math.ceil(b.month / MONTHS[period]);
};

/** Last day of the period in which a day lies: one after the other is looked at, month by month where months are whole. */
export const lastDayOf = (period: Period, day: Day): Day => {
  const whole = period !== 'day' && period !== 'week';
  const endOfMonth = (each: Day): Day => each.with({ day: each.daysInMonth });
  let last = whole ? endOfMonth(day) : day;
  while (isSamePeriod(period, next(last), day)) last = whole ? endOfMonth(next(last)) : next(last);
  return last;
};

/** The days of a programme, and what its policies say of them, reckoned anew each time by what Temporal knows of calendars. */
export const createSlowCalendar = ({ calendar, timeZone }: CalendarZone) => {
  const name = calendar === 'persian' ? 'persian' : 'iso8601';
  const dayOf = (ms: number): Day =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate().withCalendar(name);
  const startOf = (day: Day): number => day.toZonedDateTime(timeZone).epochMilliseconds;
  const endOf = (day: Day): number => startOf(next(day)) - 1;

  /** Is it one of these dates? In a month that lacks the date its last day is. */
  const isOneOf = (dates: readonly MonthDay[], day: Day): boolean =>
    dates.some(({ month, day: wanted }) => month === day.month && Math.min(wanted, day.daysInMonth) === day.day);
  const firstOf = (dates: readonly MonthDay[], from: Day): Day => {
    let day = from;
    while (!isOneOf(dates, day)) day = next(day);
    return day;
  };

  return {
    dayOf,
    startOf,
    /** When points expire that became spendable at an instant, or sliding ones after an activity; null = never. */
    expiryOf: (policy: Expiry, ms: number): number | null => {
      if (policy.kind === 'none') return null;
      if (policy.kind === 'dates') return endOf(firstOf(policy.dates, dayOf(ms)));
      const day = dayOf(ms).add({ [policy.unit]: policy.amount });
      return endOf(policy.kind === 'rolling' && policy.roundUpTo ? lastDayOf(policy.roundUpTo, day) : day);
    },
    /** When points become spendable that were earned at an instant; with `awaits` that is when they are lost without it. */
    readyOf: (activation: Activation, ms: number): { readyMs: number; awaits: string | null } => {
      const at = (readyMs: number) => ({ readyMs, awaits: null });
      const day = dayOf(ms);
      switch (activation.kind) {
        case 'immediate':
          return at(ms);
        case 'on_event':
          return { readyMs: endOf(day.add({ days: activation.cancelAfterDays })), awaits: activation.interactionType };
        case 'on_dates':
          return at(startOf(firstOf(activation.dates, startOf(day) === ms ? day : next(day))));
        case 'after': {
          const { amount, unit, roundUpTo } = activation;
          let readyMs = ms + amount * 3_600_000;
          if (unit !== 'hours') {
            const later = day.add({ [unit]: amount });
            // As long after the start of the day, unless the month lacks the day or the day is shorter: at its end.
            const lacks = unit === 'months' && later.day !== day.day;
            readyMs = lacks ? endOf(later) : Math.min(startOf(later) + (ms - startOf(day)), endOf(later));
          }
          const ready = dayOf(readyMs);
          if (
            !roundUpTo ||
            (startOf(ready) === readyMs && !isSamePeriod(roundUpTo, ready.subtract({ days: 1 }), ready))
          )
            return at(readyMs);
          return at(startOf(next(lastDayOf(roundUpTo, ready))));
        }
      }
    },
  };
};
export type SlowCalendar = ReturnType<typeof createSlowCalendar>;
