import { BASE_RULE, type Rounding } from '../programme.ts';
import type { CompiledRule, CompiledRules, RuleSet } from './compile.ts';
import { addDraft, addShare, type Draft, idOf, mayBeCut, multiply } from './draft.ts';
import { type Earned, earnedBy, type Run } from './earned.ts';
import { type Exact, exactly, isNothing, roundPoints } from './exact.ts';
import type { CustomerFacts, EventFacts, OrderFacts } from './facts.ts';

/** Lets a rule that holds take effect. Returns whether it gave, or changed, anything. */
const applyRule = (rule: CompiledRule, drafts: Draft[], event: EventFacts): boolean => {
  const { multiplier } = rule;
  if (multiplier === null) {
    const exact = rule.give?.(event) ?? null;
    if (exact === null || isNothing(exact)) return false;
    const basis = rule.basisOf !== null && event.order ? rule.basisOf(event.order) : undefined;
    addDraft(drafts, rule, exact, basis);
    return true;
  }
  const { of, numerator, denominator, apart } = multiplier;
  const targets = of === null ? [...drafts] : drafts.filter((draft) => of.has(idOf(draft)));
  if (!apart) {
    const some = targets.some(({ exact: value }) => !isNothing(value));
    for (const draft of targets) multiply(draft, rule, numerator, denominator);
    return some;
  }
  return addShare(drafts, targets, rule, numerator - denominator, denominator);
};

/** Lets the rules of a set take effect, one after the other; those in `without` are left out. Returns the one that ended it. */
const applyAll = (
  set: RuleSet,
  drafts: Draft[],
  event: EventFacts,
  customer: CustomerFacts | undefined,
  { programme }: CompiledRules,
  without: ReadonlySet<CompiledRule>,
): CompiledRule | undefined => {
  const first = programme?.matching === 'first';
  for (const rule of set.rules) {
    if (without.has(rule)) continue;
    if (event.atMs < rule.startsMs || event.atMs >= rule.endsMs) continue;
    if (rule.holds !== null && !rule.holds(event, customer)) continue;
    if (applyRule(rule, drafts, event) && (first || rule.stop)) return rule;
  }
  return undefined;
};

/**
 * All ways through the rules that caps and rounding may ask for: the first as if they left something of every rule; the next without
 * the rule that ended it, as a rule of which nothing is left keeps no other from its turn.
 */
const runsOf = (
  rounding: Rounding,
  run: (without: ReadonlySet<CompiledRule>) => { drafts: Draft[]; ended: CompiledRule | undefined },
) => {
  const mayBeNothing = (draft: Draft): boolean => mayBeCut(draft) || roundPoints(draft.exact, rounding) === 0;
  const without = new Set<CompiledRule>();
  const next = (): { ended: CompiledRule | undefined; run: Run } => {
    const { drafts, ended } = run(without);
    const endedBy = ended && drafts.find(({ rule }) => rule === ended);
    return { ended, run: { drafts, endedBy } };
  };
  let { ended, run: latest } = next();
  const runs: [Run, ...Run[]] = [latest];
  while (ended !== undefined && latest.endedBy !== undefined && mayBeNothing(latest.endedBy)) {
    without.add(ended);
    ({ ended, run: latest } = next());
    runs.push(latest);
  }
  return runs;
};

/** What an order's total earns at the rate for its currency. */
const baseOf = ({ programme }: CompiledRules, { currency, totalMinor }: OrderFacts): Exact | undefined => {
  const rate = programme?.rates.find((each) => each.currency === currency);
  return rate && exactly(totalMinor, rate.points, rate.perMinor);
};

const nothing = (note: Earned['note']): Earned => ({ awards: [], note, cappedAway: [] });

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
  const { programme, purchase } = rules;
  if (programme === undefined) return nothing('no_programme');
  const { rounding } = programme;
  const tier = customer?.tier == null ? null : (rules.tiers.get(customer.tier)?.multiplier ?? null);
  if (purchase.rules.length === 0 && tier === null) {
    const base = baseOf(rules, event.order);
    if (base === undefined) return nothing('no_rate');
    const points = roundPoints(base, rounding);
    if (points === 0) return nothing('nothing_earned');
    return { awards: [{ ruleId: BASE_RULE, points, explanation: null, rule: null }], note: null, cappedAway: [] };
  }
  const runs = runsOf(rounding, (without) => {
    const base = baseOf(rules, event.order);
    const drafts: Draft[] = [];
    if (base !== undefined) addDraft(drafts, null, base);
    const ended = applyAll(purchase, drafts, event, customer, rules, without);
    if (tier !== null) applyRule(tier, drafts, event);
    return { drafts, ended };
  });
  return earnedBy({ runs, rounding });
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
): Earned => {
  const rounding = rules.programme?.rounding ?? 'floor';
  const runs = runsOf(rounding, (without) => {
    const drafts: Draft[] = [];
    const ended = applyAll(set, drafts, event, customer, rules, without);
    return { drafts, ended };
  });
  return earnedBy({ runs, rounding });
};
