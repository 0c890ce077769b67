import type { FieldProblem } from '@vafa/kernel';
import { type CalendarName, dateOf } from './calendar.ts';

/** A date that comes every year, in the programme's calendar; in years that lack the day it is the month's last. */
export interface MonthDay {
  /** 1 = January or Farvardin. */
  month: number;
  day: number;
}

/** Most dates of a policy. */
export const MAX_DATES = 20;

/** Most days that a month ever has. */
const LONGEST: Readonly<Record<CalendarName, readonly number[]>> = {
  gregorian: [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31],
  persian: [31, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 30],
};

/** The first of the dates that is this one or later. */
export const nextOf = (
  calendar: CalendarName,
  dates: readonly MonthDay[],
  from: Temporal.PlainDate,
): Temporal.PlainDate => {
  const coming = [from.year, from.year + 1]
    .flatMap((year) => dates.map(({ month, day }) => dateOf(calendar, year, month, day)))
    .filter((date) => Temporal.PlainDate.compare(date, from) >= 0);
  return coming.reduce((a, b) => (Temporal.PlainDate.compare(a, b) <= 0 ? a : b));
};

/** What is wrong with a policy's dates; `path` is the JSON pointer of the list. */
export const dateProblems = (calendar: CalendarName, dates: readonly MonthDay[], path: string): FieldProblem[] => {
  if (dates.length === 0) return [{ path, message: 'needs a date at least' }];
  if (dates.length > MAX_DATES) return [{ path, message: `has more than ${MAX_DATES} dates` }];
  return dates.flatMap(({ month, day }, i) => {
    const longest = LONGEST[calendar][month - 1];
    if (longest === undefined || !Number.isInteger(month))
      return [{ path: `${path}/${i}/month`, message: 'is no month: 1 to 12' }];
    if (!Number.isInteger(day) || day < 1 || day > longest)
      return [{ path: `${path}/${i}/day`, message: `is no day of the month: 1 to ${longest}` }];
    const earlier = dates.findIndex((each) => each.month === month && each.day === day) < i;
    return earlier ? [{ path: `${path}/${i}`, message: 'is there already' }] : [];
  });
};
