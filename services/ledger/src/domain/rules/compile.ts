import { type ActivationOf, createActivationOf } from '../activation.ts';
import type { CalendarZone } from '../calendar.ts';
import { createExpiryOf, type ExpiryOf } from '../expiry-policy.ts';
import type { Rate, Rounding } from '../programme.ts';
import type { TierLevel, TierStructure } from '../tiers/structure.ts';
import { type BasisOf, compileBasis } from './basis.ts';
import { asksCustomer, compileCondition, type Predicate } from './conditions.ts';
import { type Exact, exactly } from './exact.ts';
import type { EventFacts } from './facts.ts';
import { compileLines, countLines, sumAmount, sumQuantity } from './lines.ts';
import { createLocalTime, type LocalTime, type PeriodStarts } from './local-time.ts';
import type { Cap, Caps, EarningRule, Effect, Matching } from './rule.ts';

/** What of a programme decides how points are earned. */
export interface RulesProgramme extends CalendarZone {
  rates: readonly Rate[];
  rounding: Rounding;
  rules: readonly EarningRule[];
  matching: Matching;
}

/** The same as programmes say it: Gregorian, without rules, all of which count, unless given. */
type GivenProgramme = Pick<RulesProgramme, 'rates' | 'rounding' | 'timeZone'> &
  Partial<Pick<RulesProgramme, 'calendar' | 'rules' | 'matching'> & { tiers: Pick<TierStructure, 'levels'> }>;

export interface Multiplier {
  numerator: number;
  denominator: number;
  /** Ids of the entries it multiplies; null = all before it. */
  of: ReadonlySet<string> | null;
  /** It makes an entry of its own in the place of changing those it multiplies. */
  apart: boolean;
}

/** A cap that needs a counter. */
export interface CountedCap extends Cap {
  of: 'customer' | 'budget';
}

/** A rule as the evaluator uses it. */
export interface CompiledRule {
  id: string;
  name: string;
  startsMs: number;
  endsMs: number;
  /** null = always. */
  holds: Predicate | null;
  stop: boolean;
  /** What it gives by itself; null = nothing, or it is a multiplier. */
  give: ((event: EventFacts) => Exact | null) | null;
  multiplier: Multiplier | null;
  /** On which lines its points rest; null = on the whole order. */
  basisOf: BasisOf | null;
  perOrder: number;
  beyond: Caps['beyond'];
  counted: readonly CountedCap[];
  /** In the place of the programme's. */
  expiryOf: ExpiryOf | null;
  activationOf: ActivationOf | null;
}

/** What a tier changes of what its customers' orders earn. */
export interface TierTerms {
  /** Multiplies what the rate and the rules gave, last of all; null = it does not. */
  multiplier: CompiledRule | null;
  /** In the place of the programme's. */
  expiryOf: ExpiryOf | null;
}

/** The rules of one trigger, in the order in which they take effect. */
export interface RuleSet {
  rules: readonly CompiledRule[];
  asksCustomer: boolean;
}

/** What is prepared once per version of a programme. */
export interface CompiledRules {
  programme: RulesProgramme | undefined;
  purchase: RuleSet;
  /** By tier, those that change anything. */
  tiers: ReadonlyMap<string, TierTerms>;
  /** By type of interaction, segment, state and rule; what is not there sets nothing off. */
  interactions: ReadonlyMap<string, RuleSet>;
  segments: ReadonlyMap<string, RuleSet>;
  lifecycle: ReadonlyMap<string, RuleSet>;
  birthday: RuleSet;
  grants: ReadonlyMap<string, RuleSet>;
  /** Every rule, of whatever trigger. */
  byId: ReadonlyMap<string, CompiledRule>;
  periodStartsAt: (ms: number) => PeriodStarts;
}

const compileEffect = (effect: Effect): CompiledRule['give'] => {
  switch (effect.kind) {
    case 'fixed': {
      const given = exactly(effect.points, 1, 1);
      return () => given;
    }
    case 'per_amount': {
      const { points, perMinor, currency } = effect;
      const passes = compileLines(effect.lines);
      const ofLines = effect.lines !== undefined;
      return ({ order }) =>
        order?.currency !== currency
          ? null
          : exactly(ofLines ? sumAmount(order.lines, passes) : order.totalMinor, points, perMinor);
    }
    case 'per_line': {
      const passes = compileLines(effect.lines);
      const count = effect.each === 'unit' ? sumQuantity : countLines;
      return ({ order }) => (order === undefined ? null : exactly(count(order.lines, passes), effect.points, 1));
    }
    case 'multiplier':
      return null;
  }
};

const countedOf = (caps: Caps | undefined): CountedCap[] => [
  ...(caps?.perCustomer ?? []).map((cap) => ({ ...cap, of: 'customer' as const })),
  ...(caps?.budget ?? []).map((cap) => ({ ...cap, of: 'budget' as const })),
];

const compileMultiplier = ({ effect, caps, expiry, activation }: EarningRule): Multiplier | null =>
  effect.kind !== 'multiplier'
    ? null
    : {
        numerator: effect.numerator,
        denominator: effect.denominator,
        of: effect.of === undefined ? null : new Set(effect.of),
        apart: caps !== undefined || expiry !== undefined || activation !== undefined,
      };

const compileRule = (rule: EarningRule, zone: CalendarZone, time: LocalTime): CompiledRule => ({
  id: rule.id,
  name: rule.name,
  startsMs: rule.startsAt === undefined ? -Infinity : Date.parse(rule.startsAt),
  endsMs: rule.endsAt === undefined ? Infinity : Date.parse(rule.endsAt),
  holds: rule.when === undefined ? null : compileCondition(rule.when, time),
  stop: rule.stop ?? false,
  give: compileEffect(rule.effect),
  multiplier: compileMultiplier(rule),
  basisOf: compileBasis(rule),
  perOrder: rule.caps?.perOrder ?? Infinity,
  beyond: rule.caps?.beyond ?? 'reduce',
  counted: countedOf(rule.caps),
  expiryOf: rule.expiry === undefined ? null : createExpiryOf(rule.expiry, zone),
  activationOf: rule.activation === undefined ? null : createActivationOf(rule.activation, zone),
});

const compileTier = ({ id, name, benefits }: TierLevel, zone: CalendarZone, time: LocalTime): [string, TierTerms][] => {
  const { multiplier, expiry } = benefits;
  if (multiplier === undefined && expiry === undefined) return [];
  const rule = multiplier && {
    ...{ id, name: name.en, order: 0, trigger: { on: 'purchase' as const } },
    effect: { kind: 'multiplier' as const, ...multiplier },
  };
  const terms = {
    multiplier: rule ? compileRule(rule, zone, time) : null,
    expiryOf: expiry ? createExpiryOf(expiry, zone) : null,
  };
  return [[id, terms]];
};

const NONE: RuleSet = { rules: [], asksCustomer: false };

const NO_RULES: CompiledRules = {
  programme: undefined,
  purchase: NONE,
  tiers: new Map(),
  interactions: new Map(),
  segments: new Map(),
  lifecycle: new Map(),
  birthday: NONE,
  grants: new Map(),
  byId: new Map(),
  // There is no rule that would ask.
  periodStartsAt: createLocalTime({ calendar: 'gregorian', timeZone: 'UTC' }).periodStartsAt,
};

/** Prepares the rules of a programme that has no problems (see `ruleProblems`); without a programme there are none. */
export const compileRules = (given: GivenProgramme | undefined): CompiledRules => {
  if (given === undefined) return NO_RULES;
  const { calendar = 'gregorian', rules: all = [], matching = 'all', rates, rounding, timeZone } = given;
  const programme: RulesProgramme = { calendar, rules: all, matching, rates, rounding, timeZone };
  const time = createLocalTime(programme);
  // The sort is stable: rules of the same order stay as they are listed.
  const inOrder = programme.rules.toSorted((a, b) => a.order - b.order);
  const setOf = (rules: readonly EarningRule[]): RuleSet =>
    rules.length === 0
      ? NONE
      : {
          rules: rules.map((rule) => compileRule(rule, programme, time)),
          asksCustomer: rules.some(({ when }) => when !== undefined && asksCustomer(when)),
        };
  const setsBy = (keyOf: (rule: EarningRule) => string | undefined): Map<string, RuleSet> => {
    const groups = Map.groupBy(inOrder, keyOf);
    return new Map([...groups].flatMap(([key, rules]) => (key === undefined ? [] : [[key, setOf(rules)]])));
  };
  const tiers = new Map((given.tiers?.levels ?? []).flatMap((level) => compileTier(level, programme, time)));
  const purchase = setOf(inOrder.filter(({ trigger }) => trigger.on === 'purchase'));
  const interactions = setsBy(({ trigger }) => (trigger.on === 'interaction' ? trigger.interactionType : undefined));
  const segments = setsBy(({ trigger }) => (trigger.on === 'segment_entered' ? trigger.segmentId : undefined));
  const lifecycle = setsBy(({ trigger }) => (trigger.on === 'lifecycle_entered' ? trigger.state : undefined));
  const birthday = setOf(inOrder.filter(({ trigger }) => trigger.on === 'birthday'));
  const grants = setsBy(({ id, trigger }) => (trigger.on === 'manual_grant' ? id : undefined));
  const sets = [
    purchase,
    birthday,
    ...[interactions, segments, lifecycle, grants].flatMap((each) => [...each.values()]),
  ];
  return {
    programme,
    purchase: tiers.size > 0 ? { ...purchase, asksCustomer: true } : purchase,
    tiers,
    ...{ interactions, segments, lifecycle, birthday, grants },
    byId: new Map(sets.flatMap(({ rules: own }) => own.map((rule) => [rule.id, rule] as const))),
    periodStartsAt: time.periodStartsAt,
  };
};
