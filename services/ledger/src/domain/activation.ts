import type { FieldProblem } from '@vafa/kernel';
import {
  addToDate,
  boundariesAfter,
  type CalendarZone,
  endOfDateMs,
  type Period,
  rememberPerDay,
  startOfDateMs,
  startOfPeriodMs,
} from './calendar.ts';
import { dateProblems, type MonthDay, nextOf } from './calendar-dates.ts';
import { interactionTypeProblems } from './interaction-type.ts';

export const ACTIVATION_UNITS = ['hours', 'days', 'months'] as const;
export type ActivationUnit = (typeof ACTIVATION_UNITS)[number];

/**
 * When earned points become spendable.
 * after: a time later; rounded, at the next start of a day, week … of the programme · on_dates: at the start of the next of
 * these dates · on_event: when the customer does something, or never, if it was not done by the end of the day that is
 * `cancelAfterDays` days after the earning's.
 */
export type Activation =
  | { kind: 'immediate' }
  | { kind: 'after'; amount: number; unit: ActivationUnit; roundUpTo?: Period }
  | { kind: 'on_dates'; dates: MonthDay[] }
  | { kind: 'on_event'; interactionType: string; cancelAfterDays: number };

/** What becomes of points earned at an instant: active at once, active at a time, or waiting for something. */
export type Activates =
  | { kind: 'at_once' }
  | { kind: 'at'; activatesAtMs: number }
  | { kind: 'on_event'; interactionType: string; cancelAtMs: number };

/** Times are milliseconds since 1970. */
export type ActivationOf = (earnedAtMs: number) => Activates;

/** Longest wait: ten years. */
export const MAX_WAIT: Readonly<Record<ActivationUnit, number>> = { hours: 87_600, days: 3_650, months: 120 };

const HOUR_MS = 3_600_000;
const AT_ONCE: Activates = { kind: 'at_once' };

/** The start of the next period, or the instant itself where one starts just then. */
const createCeil = (zone: CalendarZone, period: Period): ((ms: number) => number) => {
  const boundsOf = rememberPerDay(zone, ({ startMs }) => ({
    startMs: startOfPeriodMs(zone, startMs, period),
    nextMs: boundariesAfter(zone, startMs, period, 1)[0] as number,
  }));
  return (ms) => {
    const { startMs, nextMs } = boundsOf(ms);
    return ms === startMs ? ms : nextMs;
  };
};

/**
 * Days and months later, at the same time after the start of the day; where the month lacks the day, at the end of its last
 * one, so that what is earned later never becomes active earlier.
 */
const createLater = (zone: CalendarZone, amount: number, unit: 'days' | 'months'): ((ms: number) => number) => {
  const targetOf = rememberPerDay(zone, ({ date, startMs }) => {
    const target = addToDate(date, amount, unit);
    const lastMs = endOfDateMs(zone.timeZone, target);
    const clamped = unit === 'months' && target.day !== date.day;
    return { shiftMs: startOfDateMs(zone.timeZone, target) - startMs, lastMs, clamped };
  });
  return (ms) => {
    const { shiftMs, lastMs, clamped } = targetOf(ms);
    return clamped ? lastMs : Math.min(ms + shiftMs, lastMs);
  };
};

const createNextDate = (zone: CalendarZone, dates: readonly MonthDay[]): ((ms: number) => number) => {
  const { calendar, timeZone } = zone;
  const nextsOf = rememberPerDay(zone, ({ date, startMs }) => ({
    startMs,
    fromStartMs: startOfDateMs(timeZone, nextOf(calendar, dates, date)),
    laterMs: startOfDateMs(timeZone, nextOf(calendar, dates, date.add({ days: 1 }))),
  }));
  return (ms) => {
    const { startMs, fromStartMs, laterMs } = nextsOf(ms);
    return ms === startMs ? fromStartMs : laterMs;
  };
};

/** Prepares a policy; calendar arithmetic is remembered per day. */
export const createActivationOf = (activation: Activation, zone: CalendarZone): ActivationOf => {
  switch (activation.kind) {
    case 'immediate':
      return () => AT_ONCE;
    case 'after': {
      const { amount, unit, roundUpTo } = activation;
      const later = unit === 'hours' ? (ms: number) => ms + amount * HOUR_MS : createLater(zone, amount, unit);
      const ceil = roundUpTo ? createCeil(zone, roundUpTo) : (ms: number) => ms;
      return (earnedAtMs) => ({ kind: 'at', activatesAtMs: ceil(later(earnedAtMs)) });
    }
    case 'on_dates': {
      const next = createNextDate(zone, activation.dates);
      return (earnedAtMs) => ({ kind: 'at', activatesAtMs: next(earnedAtMs) });
    }
    case 'on_event': {
      const { interactionType, cancelAfterDays } = activation;
      const cancelAtOf = rememberPerDay(zone, ({ date }) =>
        endOfDateMs(zone.timeZone, addToDate(date, cancelAfterDays, 'days')),
      );
      return (earnedAtMs) => ({ kind: 'on_event', interactionType, cancelAtMs: cancelAtOf(earnedAtMs) });
    }
  }
};

/** What is wrong with a policy beyond its shape; `path` is its JSON pointer, e.g. `/activation`. */
export const activationProblems = (
  activation: Activation,
  { calendar }: Pick<CalendarZone, 'calendar'>,
  path: string,
): FieldProblem[] => {
  const limit = (value: number, most: number, name: string, unit: string): FieldProblem[] =>
    Number.isInteger(value) && value >= 1 && value <= most
      ? []
      : [{ path: `${path}/${name}`, message: `must be 1 to ${most} ${unit}` }];
  switch (activation.kind) {
    case 'immediate':
      return [];
    case 'after':
      return limit(activation.amount, MAX_WAIT[activation.unit], 'amount', activation.unit);
    case 'on_dates':
      return dateProblems(calendar, activation.dates, `${path}/dates`);
    case 'on_event':
      return [
        ...interactionTypeProblems(activation.interactionType, `${path}/interactionType`),
        ...limit(activation.cancelAfterDays, MAX_WAIT.days, 'cancelAfterDays', 'days'),
      ];
  }
};
