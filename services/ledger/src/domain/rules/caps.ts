import type { Award } from './award.ts';
import type { CompiledRule, CountedCap } from './compile.ts';
import type { PeriodStarts } from './local-time.ts';
import type { CapPeriod } from './rule.ts';

/** In the place of a customer's id: all customers together. No customer has it: ids have a character at least. */
export const EVERYBODY = '';

/** What one counter counts: the awards of a rule to a customer, or to all, in one period. */
export interface CounterKey {
  ruleId: string;
  customerId: string;
  per: CapPeriod;
  /** First day of the period, as an ISO date. */
  startsOn: string;
}

/** Most days that a period lasts, in any calendar. */
export const PERIOD_DAYS: Readonly<Record<Exclude<CapPeriod, 'forever'>, number>> = {
  day: 1,
  week: 7,
  month: 31,
  quarter: 93,
  half: 186,
  year: 366,
};

export interface Counter extends CounterKey {
  points: number;
  awards: number;
}

export const counterName = ({ ruleId, customerId, per, startsOn }: CounterKey): string =>
  JSON.stringify([ruleId, customerId, per, startsOn]);

const keyOf = (ruleId: string, customerId: string, { of, per }: CountedCap, starts: PeriodStarts): CounterKey => ({
  ruleId,
  customerId: of === 'budget' ? EVERYBODY : customerId,
  per,
  startsOn: starts[per],
});

/** Counters that an award by a rule to this customer at this time asks, each once. */
export const countersOf = ({ id, counted }: CompiledRule, customerId: string, starts: PeriodStarts): CounterKey[] => {
  const keys = new Map<string, CounterKey>();
  for (const cap of counted) {
    const key = keyOf(id, customerId, cap, starts);
    keys.set(counterName(key), key);
  }
  return [...keys.values()];
};

/** How many of the points there is room for under a cap. */
const roomFor = (points: number, { limit, unit }: CountedCap, counter: Counter | undefined): number => {
  if (unit === 'awards') return (counter?.awards ?? 0) < limit ? points : 0;
  return Math.max(0, Math.min(points, limit - (counter?.points ?? 0)));
};

/**
 * What the caps that need counters leave of an award; undefined: nothing. Of several the tightest decides; the explanation names it.
 * Counters that are not given stand at 0.
 */
export const capAward = (
  award: Award,
  customerId: string,
  starts: PeriodStarts,
  counters: ReadonlyMap<string, Counter>,
): Award | undefined => {
  const { rule, points } = award;
  if (rule === null) return award;
  let left = points;
  let tightest: CountedCap | undefined;
  for (const cap of rule.counted) {
    const room = roomFor(points, cap, counters.get(counterName(keyOf(rule.id, customerId, cap, starts))));
    if (room >= left) continue;
    left = room;
    tightest = cap;
  }
  if (tightest === undefined) return award;
  if (left === 0 || rule.beyond === 'reject') return undefined;
  const { of, limit, unit, per } = tightest;
  const cut = { kind: 'cap' as const, of, limit, unit, per, points: left - points };
  return { ...award, points: left, explanation: [...(award.explanation ?? []), cut] };
};

/** Adds what was counted, so that the next award of the same transaction sees it. */
export const count = (counters: Map<string, Counter>, increments: readonly Counter[]): void => {
  for (const increment of increments) {
    const name = counterName(increment);
    const known = counters.get(name);
    if (known) {
      known.points += increment.points;
      known.awards += increment.awards;
    } else counters.set(name, { ...increment });
  }
};
