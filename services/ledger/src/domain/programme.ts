import type { Activation } from './activation.ts';
import type { CalendarZone } from './calendar.ts';
import type { Expiry } from './expiry-policy.ts';
import type { PointValue } from './points-payment.ts';
import type { EarningRule, Matching } from './rules/rule.ts';
import type { TierStructure } from './tiers/structure.ts';

export const ROUNDINGS = ['floor', 'half_up', 'ceil'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/**
 * What a refund takes back. only_pending: points of the order that are pending at its time · within_balance: what the customer has
 * · allow_negative: all of it, what is missing is owed and paid off by the next credits.
 */
export const RETURN_POLICIES = ['only_pending', 'within_balance', 'allow_negative'] as const;
export type ReturnPolicy = (typeof RETURN_POLICIES)[number];

/** What is given back of the points that paid for a refunded order: all = once it is refunded to the last. */
export const SPENT_POINTS = ['none', 'all', 'proportional'] as const;
export type SpentPoints = (typeof SPENT_POINTS)[number];

export interface Returns {
  policy: ReturnPolicy;
  spentPoints: SpentPoints;
}

/** What becomes of the points of an erased customer: keep = they stay, under a name of nobody. */
export const ERASE_POLICIES = ['forfeit', 'keep'] as const;
export type ErasePolicy = (typeof ERASE_POLICIES)[number];

/** `points` for every `perMinor` minor units of the currency. */
export interface Rate {
  currency: string;
  points: number;
  perMinor: number;
}

/** What a shop decided about earning and losing points. */
export interface Programme {
  name: string;
  /** What points are called, by language; for those who show them. */
  unit?: { en?: string; fa?: string };
  rates: Rate[];
  /** Applied once, to the points of each entry. */
  rounding: Rounding;
  /** Where `expiry` is not given: points expire at the end of the day so many days after their activation; null = never. */
  expiresAfterDays?: number | null;
  /** When points expire; see `expiryPolicyOf`. */
  expiry?: Expiry;
  /** Customers are told this many days ahead; 0 = not. */
  expiringSoonDays: number;
  reservationTtlSeconds: number;
  /** The policy of `returns` where that is not given. */
  returnPolicy?: ReturnPolicy;
  /** What refunds do; see `returnsOf`. */
  returns?: Returns;
  /** What points are worth, one per currency. */
  pointValues?: PointValue[];
  /** Corrections by hand of more points than this need a second person; null or not given = none does. */
  approvalAbovePoints?: number | null;
  /** Forfeit unless given. */
  onErase?: ErasePolicy;
  /** IANA zone in which days end. */
  timeZone: string;
  /** In which months and years are counted; Gregorian unless given. */
  calendar?: CalendarZone['calendar'];
  /** When points become spendable; at once unless given. */
  activation?: Activation;
  /** How points are earned beyond the rates, and whether all rules that hold count (as when not given) or the first. */
  rules?: EarningRule[];
  matching?: Matching;
  /** Status levels; none unless given. */
  tiers?: TierStructure;
}

export interface ActiveProgramme extends Programme {
  version: number;
}

/** What a programme says of refunds; without a programme nothing is owed and nothing given back. */
export const returnsOf = (programme: Pick<Programme, 'returns' | 'returnPolicy'> | undefined): Returns =>
  programme?.returns ?? { policy: programme?.returnPolicy ?? 'within_balance', spentPoints: 'none' };

/** By which zone and calendar a programme counts; before there is one, by the Gregorian calendar and UTC. */
export const zoneOf = (programme: Pick<Programme, 'calendar' | 'timeZone'> | undefined): CalendarZone => ({
  calendar: programme?.calendar ?? 'gregorian',
  timeZone: programme?.timeZone ?? 'UTC',
});

/** In the place of a rule's id: the rate. */
export const BASE_RULE = 'base';
