import { type CalendarName, type CalendarZone, dateOf, dayAt, startOfDateMs } from '../calendar.ts';

/** A month as accountants name it, in the programme's calendar: `2026-11` or `1405-08`. Sorts as text does. */
export type Month = string;

/** Months counted without gaps: year × 12 + month - 1. Both calendars have twelve months in every year. */
export const monthNumber = (month: Month): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;

export const monthOfNumber = (number: number): Month => {
  const year = String(Math.floor(number / 12)).padStart(4, '0');
  return `${year}-${String((number % 12) + 1).padStart(2, '0')}`;
};

/** Whole months from one to another; negative when `to` is earlier. */
export const monthsBetween = (from: Month, to: Month): number => monthNumber(to) - monthNumber(from);

const monthOfDate = ({ year, month }: Temporal.PlainDate): Month => monthOfNumber(year * 12 + month - 1);

/** The month in which an instant lies. */
export const monthAt = (zone: CalendarZone, ms: number): Month => monthOfDate(dayAt(zone, ms).date);

/** First millisecond of a month. */
export const startOfMonthMs = ({ calendar, timeZone }: CalendarZone, month: Month): number => {
  const number = monthNumber(month);
  return startOfDateMs(timeZone, dateOf(calendar, Math.floor(number / 12), (number % 12) + 1, 1));
};

/** The months from one to another, both included. */
export const monthsFrom = (from: Month, to: Month): Month[] =>
  Array.from({ length: Math.max(0, monthsBetween(from, to) + 1) }, (_, i) => monthOfNumber(monthNumber(from) + i));

/**
 * The month of one calendar that covers most of a month of another: books that were begun in one calendar, before that was
 * refused (see `keepCalendar`), stay readable in the other.
 */
export const inCalendar = (month: Month, from: CalendarName, to: CalendarName): Month => {
  if (from === to) return month;
  const number = monthNumber(month);
  const middle = dateOf(from, Math.floor(number / 12), (number % 12) + 1, 15);
  return monthOfDate(middle.withCalendar(dateOf(to, 1400, 1, 1).calendarId));
};

/** Months with their first milliseconds, for looking instants up by bisection. */
export interface MonthTable {
  months: Month[];
  startsMs: number[];
}

/** All months from that of one instant to that of another. */
export const monthTable = (zone: CalendarZone, fromMs: number, untilMs: number): MonthTable => {
  const months = monthsFrom(monthAt(zone, fromMs), monthAt(zone, untilMs));
  return { months, startsMs: months.map((month) => startOfMonthMs(zone, month)) };
};

export const monthAfter = (month: Month): Month => monthOfNumber(monthNumber(month) + 1);
