import type { FieldProblem } from '@vafa/kernel';
import type { CalendarZone } from '../calendar.ts';
import { type Expiry, ruleExpiryProblems } from '../expiry-policy.ts';

/** What counts towards a tier: points that purchases earned, money spent in one currency, or orders; less what was refunded. */
export type TierMetric = { kind: 'points_earned' } | { kind: 'spend'; currency: string } | { kind: 'orders' };
export const TIER_METRICS = ['points_earned', 'spend', 'orders'] as const satisfies readonly TierMetric['kind'][];

export const TIER_PERIODS = ['month', 'quarter', 'half', 'year'] as const;
export type TierPeriod = (typeof TIER_PERIODS)[number];

/** Over which time it is counted: a period of the programme's calendar, or the last so many months up to today. */
export type TierWindow = { kind: 'calendar'; period: TierPeriod } | { kind: 'rolling'; months: number };

/**
 * How long a tier that was reached is kept without being reached again.
 * windows: to the end of the (calendar) window in which it was reached, and so many windows more · months: so long, to the end
 * of a period if rounded · while_earned: as long as the (rolling) window holds enough.
 */
export type TierValidity =
  | { kind: 'windows'; more: number }
  | { kind: 'months'; amount: number; roundUpTo?: TierPeriod }
  | { kind: 'while_earned' };

/** none: never · one_level: to the level below · to_earned: to what the deciding window is enough for. */
export const DOWNGRADES = ['none', 'one_level', 'to_earned'] as const;
export type Downgrade = (typeof DOWNGRADES)[number];

export interface TierBenefits {
  /** Multiplies what orders earn by the rate and the rules: numerator ÷ denominator. */
  multiplier?: { numerator: number; denominator: number };
  /** When points of orders expire, in the place of what the programme says; rules that say something of it go first. */
  expiry?: Expiry;
  /** Ids of rewards that are there for this tier. */
  rewards: string[];
}

export interface TierLevel {
  /** Kept by the level through versions: customers have it by this id. */
  id: string;
  name: { en: string; fa: string };
  /** Points, minor units or orders; the lowest level may have 0. */
  threshold: number;
  benefits: TierBenefits;
}

export interface TierStructure {
  metric: TierMetric;
  window: TierWindow;
  /** Lowest first. */
  levels: TierLevel[];
  validity: TierValidity;
  /** Days after the validity in which the tier is still had and can still be kept. */
  graceDays: number;
  downgrade: Downgrade;
  /** Whoever has reached this level never falls below it. */
  neverBelow?: string;
  /** Customers who would lose their tier within so many days are at risk. */
  atRiskDays: number;
}

export const MAX_LEVELS = 20;
export const MAX_ROLLING_MONTHS = 60;
export const MAX_VALIDITY_MONTHS = 120;
export const MAX_MORE_WINDOWS = 12;
export const MAX_GRACE_DAYS = 365;
export const MAX_AT_RISK_DAYS = 365;
/** Rewards of one level. */
export const MAX_LEVEL_REWARDS = 100;
export const MAX_THRESHOLD = 1_000_000_000_000_000;

/** Place of a level among the levels, 0 = the lowest; -1 = no level, or one that is no more. */
export const placeOf = ({ levels }: Pick<TierStructure, 'levels'>, tier: string | null): number =>
  levels.findIndex(({ id }) => id === tier);

/** Place of the highest level that an amount is enough for; -1 = none. */
export const placeFor = ({ levels }: Pick<TierStructure, 'levels'>, amount: number): number =>
  levels.findLastIndex(({ threshold }) => amount >= threshold);

/**
 * The level that asks for nothing, if the lowest does: everybody has it from the start who has no other, without reaching it.
 * So nothing is kept of it, and nobody is told.
 */
export const freeLevel = ({ levels }: Pick<TierStructure, 'levels'>): TierLevel | undefined =>
  levels[0]?.threshold === 0 ? levels[0] : undefined;

/** Its id; null = no level is free, or there are no tiers. */
export const freeTierOf = (structure: Pick<TierStructure, 'levels'> | undefined): string | null =>
  (structure && freeLevel(structure)?.id) ?? null;

/** Names what is counted, so that sums of one structure go on counting for the next that counts the same. */
export const measureOf = ({ metric }: Pick<TierStructure, 'metric'>): string =>
  metric.kind === 'spend' ? `spend:${metric.currency}` : metric.kind;

/** What is wrong with a structure beyond its shape; `path` is its JSON pointer, e.g. `/tiers`. */
export const tierProblems = (
  structure: TierStructure,
  zone: Pick<CalendarZone, 'calendar'>,
  path: string,
): FieldProblem[] => {
  const { levels, window, validity, neverBelow } = structure;
  const problems: FieldProblem[] = [];
  levels.forEach(({ id, threshold, benefits: { expiry } }, i) => {
    if (expiry) problems.push(...ruleExpiryProblems(expiry, zone, `${path}/levels/${i}/benefits/expiry`));
    if (levels.findIndex((each) => each.id === id) < i)
      problems.push({ path: `${path}/levels/${i}/id`, message: 'is the id of another level' });
    const below = levels[i - 1];
    if (below && threshold <= below.threshold)
      problems.push({ path: `${path}/levels/${i}/threshold`, message: 'must be more than that of the level before' });
  });
  if (levels.length === 0) problems.push({ path: `${path}/levels`, message: 'needs a level at least' });
  if (neverBelow !== undefined && placeOf(structure, neverBelow) < 0)
    problems.push({ path: `${path}/neverBelow`, message: 'is no level' });
  if (validity.kind === 'windows' && window.kind !== 'calendar')
    problems.push({ path: `${path}/validity/kind`, message: 'windows: only where the window is of the calendar' });
  if (validity.kind === 'while_earned' && window.kind !== 'rolling')
    problems.push({ path: `${path}/validity/kind`, message: 'while_earned: only where the window is rolling' });
  return problems;
};
