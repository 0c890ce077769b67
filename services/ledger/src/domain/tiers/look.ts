import { assert } from '@vafa/kernel';
import { addToDate, type CalendarZone, dayAt, endOfDateMs, inCalendar } from '../calendar.ts';
import { daysBackFrom, daysToldFrom, reachedBefore, type ToldDays } from './look-back.ts';
import { stateOf, type TierState } from './state.ts';
import { placeFor, placeOf, type TierStructure } from './structure.ts';
import { validUntilMs } from './validity.ts';
import { type DaySum, isoDate, sumWithin, windowOf } from './window.ts';

/** What a customer's tier depends on. */
export interface Qualification {
  structure: TierStructure;
  zone: CalendarZone;
  /** What counted, by day; from the first day of the deciding window on (see `daysNeededFrom`). */
  days: readonly DaySum[];
}

/** By what a tier whose validity ends is kept or lost. */
interface Decision {
  /** Sum of the deciding window, with the grace days. */
  amount: number;
  /** First millisecond of the deciding window; nothing before it counts. */
  fromMs: number;
  /** How long it is kept if the amount is enough. */
  renewedUntilMs: number | null;
  /** A date of the deciding window. */
  date: Temporal.PlainDate;
  /** Last millisecond of the grace, and the last that counts: what the window has after it comes too late. */
  graceUntilMs: number;
}

/**
 * The window that decides whether a tier is kept is the one in which its validity ends; where reaching the tier in that window
 * would not keep it any longer, it is the one that begins then. Grace lengthens it.
 */
export const decisionAt = ({ structure, zone, days }: Qualification, place: number, untilMs: number): Decision => {
  const lastDay = dayAt(zone, untilMs).date;
  const again = validUntilMs(structure, zone, days, place, lastDay);
  const date = again === null || again > untilMs ? lastDay : lastDay.add({ days: 1 });
  const renewedUntilMs = date === lastDay ? again : validUntilMs(structure, zone, days, place, date);
  const graceDate = addToDate(lastDay, structure.graceDays, 'days');
  const { first, last: windowLast } = windowOf(structure.window, zone, date);
  const last = [windowLast ?? isoDate(date), isoDate(graceDate)].sort().at(-1) ?? null;
  const amount = sumWithin(days, { first, last });
  const dayBefore = inCalendar(zone.calendar, first).subtract({ days: 1 });
  return {
    amount,
    fromMs: endOfDateMs(zone.timeZone, dayBefore) + 1,
    renewedUntilMs,
    date,
    graceUntilMs: endOfDateMs(zone.timeZone, graceDate),
  };
};

/** First day whose sum `look` (of which these days were told) and `standingOf` may need, as an ISO 8601 date. */
export const daysNeededFrom = (
  { structure, zone }: Pick<Qualification, 'structure' | 'zone'>,
  state: TierState | undefined,
  nowMs: number,
  told: ToldDays = [],
): string => {
  const oldestMs = Math.min(nowMs, state?.validUntilMs ?? nowMs);
  const { first } = windowOf(structure.window, zone, dayAt(zone, oldestMs).date);
  const back = daysToldFrom({ structure, zone }, told, dayAt(zone, nowMs).date);
  if (back !== undefined && back < first) return back;
  return first;
};

/**
 * First day whose sum a look at any customer may need, as an ISO 8601 date: `oldestLookMs` is the earliest look that is due, or
 * now if none is. Validity may have ended by the days of grace before that. Windows that are over are asked so long as
 * something that is told late may give a tier there that is still had.
 */
export const daysNeededByAll = (
  { structure, zone }: Pick<Qualification, 'structure' | 'zone'>,
  oldestLookMs: number,
): string => {
  const lookDate = dayAt(zone, oldestLookMs).date;
  const { first } = windowOf(structure.window, zone, addToDate(lookDate, -(structure.graceDays + 1), 'days'));
  const back = daysBackFrom({ structure, zone }, lookDate);
  if (back < first) return back;
  return first;
};

/** Sum of the window that is open at an instant. */
export const amountAt = ({ structure, zone, days }: Qualification, nowMs: number): number =>
  sumWithin(days, windowOf(structure.window, zone, dayAt(zone, nowMs).date));

/** A level that a window is enough for, and a date of that window. */
interface Earned {
  place: number;
  date: Temporal.PlainDate;
}

/**
 * What the window of a date is enough for; or the next one, where a shop's clock dated orders into it and they are enough for
 * more: they are looked at now, as nothing would look at them when it begins.
 */
const earnedOn = ({ structure, zone, days }: Qualification, date: Temporal.PlainDate): Earned => {
  const earnedIn = (of: Temporal.PlainDate): Earned => ({
    place: placeFor(structure, sumWithin(days, windowOf(structure.window, zone, of))),
    date: of,
  });
  const open = earnedIn(date);
  const { last } = windowOf(structure.window, zone, date);
  if (last === null || !days.some(({ day }) => day > last)) return open;
  const next = earnedIn(inCalendar(zone.calendar, last).add({ days: 1 }));
  return next.place > open.place ? next : open;
};

/** Where a customer falls whose tier was not kept: the amount is not enough for it. */
const placeAfter = (structure: TierStructure, place: number, amount: number): number => {
  const target = structure.downgrade === 'one_level' ? place - 1 : placeFor(structure, amount);
  const { neverBelow } = structure;
  const floor = neverBelow === undefined ? -1 : placeOf(structure, neverBelow);
  return Math.max(target, floor);
};

/** Ends of validity that are gone through one after the other at most: monthly windows of some hundred years. */
const MAX_STEPS = 5_000;

/** A level that is held: its place, since and until when. */
interface Held extends Omit<TierState, 'tier'> {
  place: number;
}

/**
 * What is left of a tier by now: kept or lost each time that its validity and grace were over. `earned` is what the open window
 * is enough for.
 */
const settled = (qualification: Qualification, held: Held, earned: Earned, nowMs: number): Held => {
  const { structure, zone, days } = qualification;
  const untilOf = (place: number, date: Temporal.PlainDate): number | null =>
    validUntilMs(structure, zone, days, place, date);
  let { place, sinceMs, validUntilMs: untilMs } = held;
  for (let steps = 0; untilMs !== null && nowMs > untilMs; steps++) {
    assert(steps < MAX_STEPS, 'a tier that is looked at comes to an end');
    const decision = decisionAt(qualification, place, untilMs);
    if (placeFor(structure, decision.amount) >= place) {
      untilMs = decision.renewedUntilMs;
    } else if (earned.place >= place) {
      untilMs = untilOf(place, earned.date);
    } else if (nowMs <= decision.graceUntilMs) {
      return { place, sinceMs, validUntilMs: untilMs, graceUntilMs: decision.graceUntilMs };
    } else {
      place = placeAfter(structure, place, decision.amount);
      sinceMs = decision.graceUntilMs + 1;
      untilMs = untilOf(place, decision.date);
    }
  }
  return { place, sinceMs, validUntilMs: untilMs, graceUntilMs: null };
};

/**
 * What a customer's tier is at an instant: lost if its validity and grace are over and it was not kept, as often as that has
 * happened since it was looked at last; and as high as the open window is enough for, or as one that is over and of which
 * something was told since (`told`), where what that gave still runs. Reaching a tier again before its validity ends changes
 * nothing until then, so a purchase seldom changes the state. `kept` is the state after the last look that changed it; the
 * answer is that of `stateOf` where nothing has. undefined = never had one.
 */
export const look = (
  qualification: Qualification,
  kept: TierState | undefined,
  nowMs: number,
  told: ToldDays = [],
): TierState | undefined => {
  const { structure, zone, days } = qualification;
  const state = stateOf(structure, kept);
  const today = dayAt(zone, nowMs).date;
  const earned = earnedOn(qualification, today);
  const untilOf = (place: number, date: Temporal.PlainDate): number | null =>
    validUntilMs(structure, zone, days, place, date);

  const before = state ? placeOf(structure, state.tier) : -1;
  // A structure that was changed meanwhile may make a tier losable, or not losable any more.
  const fromNowMs = untilOf(before, today);
  let untilMs = fromNowMs === null ? null : (state?.validUntilMs ?? fromNowMs);
  // So long as the window holds enough: refunds shorten it, purchases lengthen it.
  if (structure.validity.kind === 'while_earned' && untilMs !== null && nowMs <= untilMs) untilMs = fromNowMs;
  const had = { place: before, sinceMs: state ? state.sinceMs : nowMs, validUntilMs: untilMs, graceUntilMs: null };
  const raisedTo = (place: number, until: number | null): Held => ({
    ...{ place, sinceMs: nowMs, validUntilMs: until, graceUntilMs: null },
  });

  let held = settled(qualification, had, earned, nowMs);
  if (earned.place > held.place) held = raisedTo(earned.place, untilOf(earned.place, earned.date));
  const past = told.length === 0 ? undefined : reachedBefore(qualification, told, nowMs);
  if (past && past.place > held.place) held = settled(qualification, raisedTo(past.place, past.untilMs), earned, nowMs);

  const { place, ...times } = held;
  const tier = structure.levels[place]?.id ?? null;
  if (!state && tier === null) return undefined;
  // Lost and reached again since the last look: nobody has noticed.
  return { tier, ...times, ...(state?.tier === tier ? { sinceMs: state.sinceMs } : {}) };
};
