import type { TierStructure } from '../domain/tiers/structure.ts';
import { isSamePeriod, lastDayOf, type SlowCalendar } from './slow-calendar.fixture.ts';

/** Something that counts, and when it happened. */
export interface SlowCounted {
  timeMs: number;
  amount: number;
}

interface SlowDay {
  on: Temporal.PlainDate;
  amount: number;
}

interface SlowTier {
  /** Place of the level; -1 = none. */
  place: number;
  /** Last day of its validity; null = can't be lost. */
  until: Temporal.PlainDate | null;
  /** Day of the last look. */
  looked: Temporal.PlainDate;
  /** What each day came to at the last look. */
  seen: Map<string, number>;
}

const isAfter = (a: Temporal.PlainDate, b: Temporal.PlainDate): boolean => Temporal.PlainDate.compare(a, b) > 0;
const next = (day: Temporal.PlainDate): Temporal.PlainDate => day.add({ days: 1 });
/**
 * Tiers as the terms of a club tell them: day by day from the last look to this one, with everything
 * that counts added up anew each time.
 */
export const createSlowTiers = (
  { window, levels, validity, graceDays, downgrade, neverBelow }: TierStructure,
  { dayOf }: SlowCalendar,
  countedOf: (customerId: string) => SlowCounted[],
) => {
  const tiers = new Map<string, SlowTier>();
  const placeFor = (amount: number): number => levels.filter(({ threshold }) => threshold <= amount).length - 1;
  const floor = levels.findIndex(({ id }) => id === neverBelow);
  /** What nothing at all is enough for is had from the start. */
  const start = placeFor(0);

  /** What the terms say by what had counted. */
  const termsBy = (counted: readonly SlowDay[]) => {
    const sumOf = (counts: (on: Temporal.PlainDate) => boolean): number =>
      counted.filter(({ on }) => counts(on)).reduce((sum, { amount }) => sum + amount, 0);
    /** Tells whether a day is in the window of another. A rolling one begins so many months back, and has no end. */
    const windowOf = (of: Temporal.PlainDate): ((on: Temporal.PlainDate) => boolean) => {
      if (window.kind === 'calendar') return (on) => isSamePeriod(window.period, on, of);
      const before = of.subtract({ months: window.months });
      return (on) => isAfter(on, before);
    };
    const sumAt = (of: Temporal.PlainDate): number => sumOf(windowOf(of));

    /** Until when a level is kept that is reached on a day. */
    const keptUntil = (place: number, reached: Temporal.PlainDate): Temporal.PlainDate | null => {
      const threshold = levels[place]?.threshold ?? 0;
      if (threshold === 0 || downgrade === 'none' || place <= floor) return null;
      let last = reached;
      if (validity.kind === 'months') {
        last = reached.add({ months: validity.amount });
        return validity.roundUpTo ? lastDayOf(validity.roundUpTo, last) : last;
      }
      if (validity.kind === 'windows' && window.kind === 'calendar') {
        last = lastDayOf(window.period, reached);
        for (let i = 0; i < validity.more; i++) last = lastDayOf(window.period, next(last));
        return last;
      }
      while (sumAt(next(last)) >= threshold) last = next(last);
      return last;
    };
    return { sumOf, windowOf, sumAt, keptUntil };
  };

  const lookAt = (own: SlowTier, counted: readonly SlowDay[], day: Temporal.PlainDate): void => {
    const { sumOf, windowOf, sumAt, keptUntil } = termsBy(counted);
    if (validity.kind === 'while_earned' && own.until && !isAfter(day, own.until))
      own.until = keptUntil(own.place, day);
    while (own.until && isAfter(day, own.until)) {
      const { place, until } = own;
      const graceEnd = until.add({ days: graceDays });
      // The window in which validity ends decides, unless reaching the tier in it keeps it no longer: then the next one.
      const again = keptUntil(place, until);
      const deciding = again && !isAfter(again, until) ? next(until) : until;
      const isInGrace = (on: Temporal.PlainDate): boolean => !isAfter(deciding, on) && !isAfter(on, graceEnd);
      const isInWindow = windowOf(deciding);
      const amount = sumOf((on) => isInWindow(on) || isInGrace(on));
      if (placeFor(amount) >= place) own.until = keptUntil(place, deciding);
      else if (placeFor(sumAt(day)) >= place) own.until = keptUntil(place, day);
      else if (!isAfter(day, graceEnd)) break;
      else {
        const target = downgrade === 'one_level' ? place - 1 : Math.min(placeFor(amount), place - 1);
        own.place = Math.max(target, floor);
        own.until = keptUntil(own.place, deciding);
      }
    }
    if (placeFor(sumAt(day)) > own.place) {
      own.place = placeFor(sumAt(day));
      own.until = keptUntil(own.place, day);
    }
  };

  const dailySums = (counted: readonly SlowDay[]): Map<string, number> => {
    const sums = new Map<string, number>();
    for (const { on, amount } of counted) sums.set(String(on), (sums.get(String(on)) ?? 0) + amount);
    return sums;
  };
  /**
   * Days that came to more than they did were told of late: every day of their windows that is over is gone back to, and what it
   * gave then is given now, if it would still be had.
   */
  const lookBack = (own: SlowTier, counted: readonly SlowDay[], today: Temporal.PlainDate): void => {
    const sums = dailySums(counted);
    const told = counted.filter(({ on }) => (sums.get(String(on)) ?? 0) > (own.seen.get(String(on)) ?? 0));
    own.seen = sums;
    const days = counted.map(({ on }) => on).filter((on) => (sums.get(String(on)) ?? 0) > 0 && isAfter(today, on));
    let best: Pick<SlowTier, 'place' | 'until'> | undefined;
    for (const day of days) {
      const known = counted.filter(({ on }) => !isAfter(on, day));
      const { sumOf, windowOf, keptUntil } = termsBy(known);
      const isInWindow = windowOf(day);
      const isOver = window.kind === 'rolling' || !isInWindow(today);
      const isTold = told.some(({ on }) => isInWindow(on) && (window.kind === 'calendar' || !isAfter(on, day)));
      if (!isOver || !isTold) continue;
      const place = placeFor(sumOf(isInWindow));
      const before = placeFor(sumOf((on) => isInWindow(on) && isAfter(day, on)));
      for (let level = 0; level <= place; level++) {
        // In a window of the calendar it is reached once.
        if (window.kind === 'calendar' && level <= before) continue;
        let until = keptUntil(level, day);
        // Where validity ended within the window it was kept, as the window was enough.
        while (window.kind === 'calendar' && until && isInWindow(until)) {
          const again = keptUntil(level, until);
          if (again && !isAfter(again, until)) break;
          until = again;
        }
        if (until && isAfter(today, until.add({ days: graceDays }))) continue;
        const isLonger = best?.until != null && (until === null || isAfter(until, best.until));
        if (!best || level > best.place || (level === best.place && isLonger)) best = { place: level, until };
      }
    }
    if (!best || best.place <= own.place) return;
    Object.assign(own, best);
    lookAt(own, counted, today);
  };

  return {
    tierOf: (customerId: string): string | null => levels[tiers.get(customerId)?.place ?? start]?.id ?? null,
    look: (customerId: string, nowMs: number): void => {
      const today = dayOf(nowMs);
      const own = tiers.get(customerId) ?? { place: start, until: null, looked: today, seen: new Map() };
      const counted = countedOf(customerId).map(({ timeMs, amount }) => ({ on: dayOf(timeMs), amount }));
      for (let day = own.looked; !isAfter(day, today); day = next(day)) lookAt(own, counted, day);
      lookBack(own, counted, today);
      tiers.set(customerId, { ...own, looked: today });
    },
    /** Of two who are one now the better tier counts, of one tier the one that is had longer. Both were looked at today. */
    join: (from: string, into: string): void => {
      const [gone, kept] = [tiers.get(from), tiers.get(into)];
      const isLonger = (a: SlowTier, b: SlowTier): boolean =>
        b.until !== null && (a.until === null || isAfter(a.until, b.until));
      if (gone && (gone.place > (kept?.place ?? start) || (gone.place === kept?.place && isLonger(gone, kept))))
        tiers.set(into, gone);
      const both = tiers.get(into);
      // What the one did is told of the other.
      if (both) tiers.set(into, { ...both, seen: new Map(kept?.seen) });
      tiers.delete(from);
    },
    forget: (customerId: string): void => void tiers.delete(customerId),
  };
};
