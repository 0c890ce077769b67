import type { LifecycleState } from '@vafa/contracts';
import type { Activation } from '../activation.ts';
import { PERIODS } from '../calendar.ts';
import type { Expiry } from '../expiry-policy.ts';

/** What sets a rule off. */
export type Trigger =
  | { on: 'purchase' }
  | { on: 'interaction'; interactionType: string }
  | { on: 'segment_entered'; segmentId: string }
  | { on: 'lifecycle_entered'; state: LifecycleState }
  /** Once a year, at the beginning of the day. */
  | { on: 'birthday' }
  /** By a call that names the rule, as a campaign makes it. */
  | { on: 'manual_grant' };

export const TRIGGERS = [
  'purchase',
  'interaction',
  'segment_entered',
  'lifecycle_entered',
  'birthday',
  'manual_grant',
] as const satisfies readonly Trigger['on'][];

/** Lines of an order: every field given must match, by any one of its values. Without fields: all lines. */
export interface LineMatch {
  sku?: string[];
  category?: string[];
  brand?: string[];
  /** One of the line's labels. */
  label?: string[];
}

export interface LineFilter extends LineMatch {
  /** Lines that any one of these fields matches are left out. */
  except?: LineMatch;
}

export const LINE_FIELDS = ['sku', 'category', 'brand', 'label'] as const satisfies readonly (keyof LineMatch)[];

export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export type AttributeValue = string | number | boolean;

/** A value among these, or a number in a range; bounds are included. */
export interface AttributeTest {
  name: string;
  in?: AttributeValue[];
  atLeast?: number;
  atMost?: number;
}

export interface MonthAndDay {
  /** 1 = January or Farvardin. */
  month: number;
  day: number;
}

/** One test. Bounds are included; amounts are minor units; times are those of the programme's zone and calendar. */
export type Test =
  | { kind: 'order_total'; currency: string; atLeastMinor?: number; atMostMinor?: number }
  | { kind: 'order_currency'; in: string[] }
  | { kind: 'order_store'; in: string[] }
  | { kind: 'order_channel'; in: string[] }
  | { kind: 'order_lines'; atLeast?: number; atMost?: number }
  | { kind: 'any_line'; lines: LineFilter }
  /** Of an order without lines it does not hold. */
  | { kind: 'all_lines'; lines: LineFilter }
  | { kind: 'lines_amount'; lines: LineFilter; currency: string; atLeastMinor?: number; atMostMinor?: number }
  | { kind: 'lines_quantity'; lines: LineFilter; atLeast?: number; atMost?: number }
  | { kind: 'customer_tier'; in: string[] }
  | { kind: 'customer_segment'; in: string[] }
  | { kind: 'customer_lifecycle'; in: LifecycleState[] }
  | ({ kind: 'customer_attribute' } & AttributeTest)
  /** What the interaction itself tells. */
  | ({ kind: 'event_attribute' } & AttributeTest)
  | { kind: 'weekday'; in: Weekday[] }
  /** From one full hour until before another, 0 to 24; over midnight when the second is before the first. */
  | { kind: 'hours'; fromHour: number; untilHour: number }
  /** Dates written YYYY-MM-DD in the programme's calendar; both days included. */
  | { kind: 'dates'; from?: string; until?: string }
  /**
   * Days that come every year; both included, over the turn of the year when the last is before the first. A day that the month lacks
   * is its last.
   */
  | { kind: 'every_year'; firstDay: MonthAndDay; lastDay: MonthAndDay };

export type Condition = { all: Condition[] } | { any: Condition[] } | { not: Condition } | Test;

export type Effect =
  | { kind: 'fixed'; points: number }
  /** `points` for every `perMinor` of the order's total, or of its matching lines; orders in other currencies earn nothing. */
  | { kind: 'per_amount'; points: number; perMinor: number; currency: string; lines?: LineFilter }
  /** `points` for every matching line, or for every unit in them. */
  | { kind: 'per_line'; points: number; each: 'line' | 'unit'; lines?: LineFilter }
  /**
   * Multiplies by numerator ÷ denominator, exactly, what was earned before it: everything, or what the rate (`base`) and the
   * rules named in `of` gave. It becomes part of those entries; with caps or times of its own it makes an entry of its own.
   */
  | { kind: 'multiplier'; numerator: number; denominator: number; of?: string[] };

export const CAP_UNITS = ['points', 'awards'] as const;
export type CapUnit = (typeof CAP_UNITS)[number];
export const CAP_PERIODS = [...PERIODS, 'forever'] as const;
export type CapPeriod = (typeof CAP_PERIODS)[number];

/** At most so many points, or so often, per period of the programme's zone and calendar. */
export interface Cap {
  limit: number;
  unit: CapUnit;
  per: CapPeriod;
}

export const BEYOND = ['reduce', 'reject'] as const;

export interface Caps {
  /** Most points of one order. */
  perOrder?: number;
  perCustomer?: Cap[];
  /** For all customers together. Whoever earns by the rule waits for the others' transactions: it is one counter. */
  budget?: Cap[];
  /** What is more than a cap leaves room for: reduce = as much as there is room for · reject = nothing of it. */
  beyond: (typeof BEYOND)[number];
}

/** How points are earned beyond the rate. */
export interface EarningRule {
  /** Unique in the programme and kept by it through versions: counters and keys of entries go by it. */
  id: string;
  /** For people; stands in explanations. */
  name: string;
  trigger: Trigger;
  when?: Condition;
  effect: Effect;
  /** Rules take effect in this order; those of the same, as they are listed. */
  order: number;
  /** When it gives something, no later rule is looked at. */
  stop?: boolean;
  caps?: Caps;
  /** ISO 8601 instants: from this one on, until before that one. */
  startsAt?: string;
  endsAt?: string;
  /** In the place of the programme's. */
  expiry?: Expiry;
  activation?: Activation;
}

/** all: every rule that holds · first: only the first one; the rate counts in any case. */
export const MATCHINGS = ['all', 'first'] as const;
export type Matching = (typeof MATCHINGS)[number];

/** In the place of a rule's id: points granted by hand, as many as were said. */
export const GRANT_RULE = 'grant';

export const MAX_RULES = 200;
/** Levels of a condition tree, and tests and groups in it. */
export const MAX_CONDITION_DEPTH = 6;
export const MAX_CONDITION_NODES = 100;
/** Values of one list: skus, segments, stores … */
export const MAX_LIST_VALUES = 1_000;
/** Caps of one kind in one rule. */
export const MAX_CAPS = 5;
/** A multiplier is this at most. */
export const MAX_MULTIPLIER = 100;
/** Numerator and denominator of a multiplier are this at most. */
export const MAX_MULTIPLIER_PART = 1_000_000;
/** Points that a rule gives by one of its steps (fixed, per amount, per line), at most. */
export const MAX_RULE_POINTS = 1_000_000_000;
/** Money of one step, in minor units, at most. */
export const MAX_PER_MINOR = 1_000_000_000_000;
/** Most points that a cap may name. */
export const MAX_CAP = 1_000_000_000_000_000;
