import { BASE_RULE } from '../programme.ts';
import type { Basis } from './basis.ts';
import type { CompiledRule, CompiledRules, Multiplier, RuleSet } from './compile.ts';
import { type Exact, exactly, isNothing, plus, roundPoints, times } from './exact.ts';
import type { Explanation } from './explanation.ts';
import type { CustomerFacts, EventFacts, OrderFacts } from './facts.ts';

/** Points of one entry to be. */
export interface Award {
  /** `base` for the programme's rate. */
  ruleId: string;
  /** 1 at least. */
  points: number;
  /** How they came about; null for the rate by itself. */
  explanation: Explanation | null;
  /** Its caps and its own times; null for the rate. */
  rule: CompiledRule | null;
  /** The lines that the points rest on; not given = the whole order. */
  basis?: Basis;
}

/** Why an order earns nothing. capped: what rules gave was taken off by their caps. */
export type Note = 'no_programme' | 'no_rate' | 'nothing_earned' | 'capped' | 'customer_erased';

/** What an order earns, before caps that need counters. */
export interface Earned {
  awards: Award[];
  /** Why nothing; null when there is something. */
  note: Note | null;
}

/** An entry while rules are still at it. */
interface Draft {
  rule: CompiledRule | null;
  exact: Exact;
  /** The exact value rounded, as far as the rules have come. */
  points: number;
  explanation: Explanation | null;
  basis?: Basis | undefined;
}

const idOf = ({ rule }: Draft): string => rule?.id ?? BASE_RULE;

const multiply = (
  draft: Draft,
  { id, name }: CompiledRule,
  { numerator, denominator }: Multiplier,
  rules: CompiledRules,
): void => {
  const before = draft.points;
  draft.exact = times(draft.exact, numerator, denominator);
  draft.points = roundPoints(draft.exact, rules.programme?.rounding ?? 'floor');
  draft.explanation ??= [{ kind: 'base', points: before }];
  draft.explanation.push({ kind: 'times', ruleId: id, name, numerator, denominator, points: draft.points - before });
};

/** Sum of what a multiplier multiplies. */
const sumOf = (drafts: readonly Draft[], { of }: Multiplier): Exact | null => {
  let sum: Exact | null = null;
  for (const draft of drafts)
    if (of === null || of.has(idOf(draft))) sum = sum === null ? draft.exact : plus(sum, draft.exact);
  return sum;
};

/** A multiplier's own entry rests on what it multiplies: on lines where that is one entry that does. */
const basisOfTargets = (drafts: readonly Draft[], { of }: Multiplier): Basis | undefined => {
  const [only, ...others] = drafts.filter((draft) => of === null || of.has(idOf(draft)));
  return others.length === 0 ? only?.basis : undefined;
};

/** Lets a rule that holds take effect. Returns whether it gave, or changed, anything. */
const applyRule = (rule: CompiledRule, drafts: Draft[], event: EventFacts, rules: CompiledRules): boolean => {
  const rounding = rules.programme?.rounding ?? 'floor';
  const { multiplier, id: ruleId, name } = rule;
  if (multiplier === null) {
    const exact = rule.give?.(event) ?? null;
    if (exact === null || isNothing(exact)) return false;
    const points = roundPoints(exact, rounding);
    const basis = rule.basisOf !== null && event.order ? rule.basisOf(event.order) : undefined;
    drafts.push({ rule, exact, points, explanation: [{ kind: 'rule', ruleId, name, points }], basis });
    return true;
  }
  if (!multiplier.apart) {
    let changed = false;
    for (const draft of drafts) {
      if (multiplier.of !== null && !multiplier.of.has(idOf(draft))) continue;
      multiply(draft, rule, multiplier, rules);
      changed = true;
    }
    return changed;
  }
  const sum = sumOf(drafts, multiplier);
  if (sum === null || isNothing(sum)) return false;
  const { denominator } = multiplier;
  const numerator = multiplier.numerator - denominator;
  const exact = times(sum, numerator, denominator);
  const points = roundPoints(exact, rounding);
  const of = roundPoints(sum, rounding);
  drafts.push({
    rule,
    exact,
    points,
    basis: basisOfTargets(drafts, multiplier),
    explanation: [{ kind: 'bonus', ruleId, name, numerator, denominator, of, points }],
  });
  return true;
};

/** Takes off what is over the cap of one order. */
const capPerOrder = (draft: Draft): void => {
  const { rule, points } = draft;
  if (rule === null || points <= rule.perOrder) return;
  const left = rule.beyond === 'reduce' ? rule.perOrder : 0;
  draft.points = left;
  draft.explanation?.push({ kind: 'cap', of: 'order', limit: rule.perOrder, unit: 'points', points: left - points });
};

const applyAll = (
  set: RuleSet,
  drafts: Draft[],
  event: EventFacts,
  customer: CustomerFacts | undefined,
  rules: CompiledRules,
): void => {
  const first = rules.programme?.matching === 'first';
  for (const rule of set.rules) {
    if (event.atMs < rule.startsMs || event.atMs >= rule.endsMs) continue;
    if (rule.holds !== null && !rule.holds(event, customer)) continue;
    if (applyRule(rule, drafts, event, rules) && (first || rule.stop)) return;
  }
};

const awardsOf = (drafts: readonly Draft[]): Award[] => {
  const awards: Award[] = [];
  for (const draft of drafts) {
    if (draft.points <= 0) continue;
    const { points, explanation, rule, basis } = draft;
    const award: Award = { ruleId: idOf(draft), points, explanation, rule };
    if (basis !== undefined) award.basis = basis;
    awards.push(award);
  }
  return awards;
};

/** What an order's total earns at the rate for its currency. */
const baseOf = (rules: CompiledRules, { currency, totalMinor }: OrderFacts): Draft | undefined => {
  const rate = rules.programme?.rates.find((each) => each.currency === currency);
  if (!rate) return undefined;
  const exact = exactly(totalMinor, rate.points, rate.perMinor);
  const points = roundPoints(exact, rules.programme?.rounding ?? 'floor');
  return { rule: null, exact, points, explanation: null };
};

/**
 * What an order earns: by the rate, and by the rules that hold, each with an entry of its own. Multipliers change the
 * entries before them, that of the customer's tier all of them. Every entry is rounded once, at its end.
 * @throws AppError rejected `ledger.points_out_of_range` when it would be more than can be counted
 */
export const earnByPurchase = (
  rules: CompiledRules,
  event: EventFacts & { order: OrderFacts },
  customer: CustomerFacts | undefined,
): Earned => {
  if (rules.programme === undefined) return { awards: [], note: 'no_programme' };
  const base = baseOf(rules, event.order);
  const drafts: Draft[] = base === undefined ? [] : [base];
  if (rules.purchase.rules.length > 0) applyAll(rules.purchase, drafts, event, customer, rules);
  const tier = customer?.tier == null ? null : (rules.tiers.get(customer.tier)?.multiplier ?? null);
  if (tier !== null) applyRule(tier, drafts, event, rules);
  for (const draft of drafts) capPerOrder(draft);
  const awards = awardsOf(drafts);
  if (awards.length > 0) return { awards, note: null };
  return { awards, note: drafts.length === 0 ? 'no_rate' : 'nothing_earned' };
};

/**
 * What anything but an order earns by the rules of its trigger.
 * @throws AppError rejected `ledger.points_out_of_range`
 */
export const earnByEvent = (
  rules: CompiledRules,
  set: RuleSet,
  event: EventFacts,
  customer: CustomerFacts | undefined,
): Award[] => {
  const drafts: Draft[] = [];
  applyAll(set, drafts, event, customer, rules);
  return awardsOf(drafts);
};
