import { present } from '@vafa/kernel';
import { type CalendarZone, firstDateOf, inCalendar, lastDateOf } from '../calendar.ts';
import type { TierWindow } from './structure.ts';

/** What counted on one day of the programme's zone. */
export interface DaySum {
  /** ISO 8601 date. */
  day: string;
  amount: number;
}

/** Days of a window, both included, as ISO 8601 dates; `last` null = all that come. */
export interface WindowDays {
  first: string;
  last: string | null;
}

/** ISO 8601 text of a date of any calendar. */
export const isoDate = (date: Temporal.PlainDate): string => date.withCalendar('iso8601').toString();

/** First date of the rolling window of a date. */
const rollingFirst = (date: Temporal.PlainDate, months: number): Temporal.PlainDate =>
  date.subtract({ months }, { overflow: 'constrain' }).add({ days: 1 });

/**
 * The window of a date. A rolling one is left open at its end: an order that a shop's clock dated to tomorrow counts now, as
 * nothing would look at it when tomorrow comes. One that it dated into the next window of the calendar counts there; `look` sees
 * to it.
 */
export const windowOf = (
  window: TierWindow,
  { calendar }: Pick<CalendarZone, 'calendar'>,
  date: Temporal.PlainDate,
): WindowDays =>
  window.kind === 'rolling'
    ? { first: isoDate(rollingFirst(date, window.months)), last: null }
    : {
        first: isoDate(firstDateOf(calendar, date, window.period)),
        last: isoDate(lastDateOf(calendar, date, window.period)),
      };

export const sumWithin = (days: readonly DaySum[], { first, last }: WindowDays): number =>
  days.reduce((sum, { day, amount }) => (day >= first && (last === null || day <= last) ? sum + amount : sum), 0);

/** First date on whose rolling window a day is no more. */
const leavesOn = (day: string, months: number, { calendar }: Pick<CalendarZone, 'calendar'>): Temporal.PlainDate => {
  const from = inCalendar(calendar, day);
  let date = from.add({ months }, { overflow: 'constrain' });
  // Clamped at the end of a month, it is still within.
  while (Temporal.PlainDate.compare(rollingFirst(date, months), from) <= 0) date = date.add({ days: 1 });
  return date;
};

/**
 * Last date on which the rolling window still holds an amount above 0, if nothing more comes; null = it does not hold it on
 * `date`.
 */
export const lastDateHolding = (
  months: number,
  zone: Pick<CalendarZone, 'calendar'>,
  days: readonly DaySum[],
  date: Temporal.PlainDate,
  amount: number,
): Temporal.PlainDate | null => {
  const within = windowOf({ kind: 'rolling', months }, zone, date);
  const counting = days.filter(({ day }) => day >= within.first).sort((a, b) => (a.day < b.day ? -1 : 1));
  let left = counting.reduce((sum, each) => sum + each.amount, 0);
  if (left < amount) return null;
  const missed = counting.find((each) => {
    left -= each.amount;
    return left < amount;
  });
  return leavesOn(present(missed, 'a day without which there is too little').day, months, zone).subtract({ days: 1 });
};
