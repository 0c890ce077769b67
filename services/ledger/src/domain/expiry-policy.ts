import type { FieldProblem } from '@vafa/kernel';
import { addToDate, type CalendarZone, type DateUnit, endOfDateMs, lastDateOf, rememberPerDay } from './calendar.ts';
import { dateProblems, type MonthDay, nextOf } from './calendar-dates.ts';
import { interactionTypeProblems } from './interaction-type.ts';

export const EXPIRY_UNITS = ['days', 'months', 'years'] as const satisfies readonly DateUnit[];
export const EXPIRY_ROUNDINGS = ['month', 'quarter', 'half', 'year'] as const;
/** What a customer does that can keep sliding points alive, besides interactions. */
export const SLIDING_ACTIVITIES = ['purchase', 'redemption'] as const;
export type SlidingActivity = (typeof SLIDING_ACTIVITIES)[number];

/**
 * When points expire, counted from their activation; always at the last millisecond of a day of the programme.
 * rolling: a time after activation, at the end of the period if rounded · dates: at the next of these dates that is the day of
 * activation or later · sliding: a time after the customer's last activity, all open points at once.
 */
export type Expiry =
  | { kind: 'none' }
  | { kind: 'rolling'; amount: number; unit: DateUnit; roundUpTo?: (typeof EXPIRY_ROUNDINGS)[number] }
  | { kind: 'dates'; dates: MonthDay[] }
  | {
      kind: 'sliding';
      amount: number;
      unit: DateUnit;
      /** What sets the clock anew. */
      activities: SlidingActivity[];
      /** Types of interactions that set it anew too. */
      interactionTypes: string[];
    };

/** Instant at which points that became active at an instant expire, as milliseconds since 1970; null = never. */
export type ExpiryOf = (activatedAtMs: number) => number | null;

/** Longest time of a policy: a hundred years, as in days, months and years. */
export const MAX_AMOUNT: Readonly<Record<DateUnit, number>> = { days: 36_500, months: 1_200, years: 100 };

/** The policy that older programmes wrote as a number of days; null = never. */
export const expiryAfterDays = (days: number | null): Expiry =>
  days === null ? { kind: 'none' } : { kind: 'rolling', amount: days, unit: 'days' };

const lastDate = (
  expiry: Exclude<Expiry, { kind: 'none' }>,
  { calendar }: CalendarZone,
  activated: Temporal.PlainDate,
): Temporal.PlainDate => {
  if (expiry.kind === 'dates') return nextOf(calendar, expiry.dates, activated);
  const date = addToDate(activated, expiry.amount, expiry.unit);
  return expiry.kind === 'rolling' && expiry.roundUpTo ? lastDateOf(calendar, date, expiry.roundUpTo) : date;
};

/**
 * Prepares a policy. Sliding points: the answer is until when an activity at that instant keeps them. The answers are
 * remembered per day.
 */
export const createExpiryOf = (expiry: Expiry, zone: CalendarZone): ExpiryOf => {
  if (expiry.kind === 'none') return () => null;
  return rememberPerDay(zone, ({ date }) => endOfDateMs(zone.timeZone, lastDate(expiry, zone, date)));
};

/** Days of a month, on the safe side: a number of days lasts no more months than this makes of it. */
const SHORTEST_MONTH_DAYS = 29;
const ROUNDING_MONTHS = { month: 1, quarter: 3, half: 6, year: 12 } as const;
const UNIT_MONTHS: Readonly<Record<DateUnit, (amount: number) => number>> = {
  days: (amount) => Math.ceil(amount / SHORTEST_MONTH_DAYS),
  months: (amount) => amount,
  years: (amount) => amount * 12,
};

/** Months of the calendar that no point outlives, that of its activation counted; null = there is no such number. */
export const mostMonthsOf = (expiry: Expiry): number | null => {
  if (expiry.kind === 'none' || expiry.kind === 'sliding') return null;
  if (expiry.kind === 'dates') return UNIT_MONTHS.years(1) + 1;
  const rounding = expiry.roundUpTo ? ROUNDING_MONTHS[expiry.roundUpTo] : 0;
  return UNIT_MONTHS[expiry.unit](expiry.amount) + rounding + 1;
};

const amountProblems = (amount: number, unit: DateUnit, path: string): FieldProblem[] => {
  const most = MAX_AMOUNT[unit];
  return Number.isInteger(amount) && amount >= 1 && amount <= most
    ? []
    : [{ path: `${path}/amount`, message: `must be 1 to ${most} ${unit}` }];
};

/** What is wrong with a policy beyond its shape; `path` is its JSON pointer, e.g. `/expiry`. */
export const expiryProblems = (
  expiry: Expiry,
  { calendar }: Pick<CalendarZone, 'calendar'>,
  path: string,
): FieldProblem[] => {
  if (expiry.kind === 'none') return [];
  if (expiry.kind === 'dates') return dateProblems(calendar, expiry.dates, `${path}/dates`);
  const problems = amountProblems(expiry.amount, expiry.unit, path);
  if (expiry.kind === 'sliding')
    problems.push(
      ...expiry.interactionTypes.flatMap((type, i) => interactionTypeProblems(type, `${path}/interactionTypes/${i}`)),
    );
  if (expiry.kind === 'sliding' && expiry.activities.length + expiry.interactionTypes.length === 0)
    problems.push({ path: `${path}/activities`, message: 'needs an activity, or an interaction type, at least' });
  return problems;
};

/** The same for the policy of a rule or a tier. Points slide all together, so that is for the programme to say. */
export const ruleExpiryProblems = (
  expiry: Expiry,
  zone: Pick<CalendarZone, 'calendar'>,
  path: string,
): FieldProblem[] =>
  expiry.kind === 'sliding'
    ? [{ path: `${path}/kind`, message: 'sliding is for the whole programme to say' }]
    : expiryProblems(expiry, zone, path);
