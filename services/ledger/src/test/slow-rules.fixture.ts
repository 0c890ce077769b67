import type { RulesProgramme } from '../domain/rules/compile.ts';
import type { CustomerFacts, EventFacts } from '../domain/rules/facts.ts';
import type { CapPeriod, Condition, EarningRule } from '../domain/rules/rule.ts';
import type { TierStructure } from '../domain/tiers/structure.ts';
import { createSlowCalendar, isSamePeriod } from './slow-calendar.fixture.ts';
import { passing, type SlowLine, slowHolds, sum } from './slow-conditions.fixture.ts';

/**
 * Earning rules as one would explain them: read anew every time, fractions of BigInt, nothing prepared. What the prepared
 * rules must agree with to the point.
 */

type Fraction = [n: bigint, d: bigint];
const rounded = ([n, d]: Fraction, rounding: RulesProgramme['rounding']): number => {
  const down = n / d;
  const exact = n % d === 0n;
  if (rounding === 'ceil' && !exact) return Number(down + 1n);
  if (rounding === 'half_up' && 2n * (n - down * d) >= d) return Number(down + 1n);
  return Number(down);
};

const gift = ({ effect }: EarningRule, { order }: EventFacts): Fraction => {
  if (effect.kind === 'fixed') return [BigInt(effect.points), 1n];
  if (order === undefined || effect.kind === 'multiplier') return [0n, 1n];
  if (effect.kind === 'per_line') {
    const lines = passing(order.lines, effect.lines);
    const many = effect.each === 'line' ? lines.length : sum(lines.map(({ quantity }) => quantity));
    return [BigInt(effect.points) * BigInt(many), 1n];
  }
  if (order.currency !== effect.currency) return [0n, 1n];
  const amount = effect.lines
    ? sum(passing(order.lines, effect.lines).map(({ amountMinor }) => amountMinor))
    : order.totalMinor;
  return [BigInt(amount) * BigInt(effect.points), BigInt(effect.perMinor)];
};

export type SlowBasis = { sku: string; weight: number }[];

/** The lines that a gift is for; undefined: the order. */
const basisOf = ({ effect, when }: EarningRule, { order }: EventFacts): SlowBasis | undefined => {
  const lines = order?.lines ?? [];
  const asked = (condition: Condition): SlowLine[] => {
    if ('not' in condition) return [];
    if ('all' in condition) return condition.all.flatMap(asked);
    if ('any' in condition) return condition.any.flatMap(asked);
    return 'lines' in condition ? passing(lines, condition.lines) : [];
  };
  let basis: SlowBasis = [];
  if (effect.kind === 'per_line')
    basis = passing(lines, effect.lines).map(({ sku, quantity }) => ({
      sku,
      weight: effect.each === 'line' ? 1 : quantity,
    }));
  else {
    const of =
      effect.kind === 'per_amount'
        ? passing(lines, effect.lines)
        : effect.kind === 'fixed' && when
          ? [...new Set(asked(when))]
          : [];
    const money = (all: readonly SlowLine[]): number => sum(all.map(({ amountMinor }) => amountMinor));
    if (money(of) < money(lines)) basis = of.map(({ sku, amountMinor: weight }) => ({ sku, weight }));
  }
  const skus = [...new Set(basis.map(({ sku }) => sku))];
  const bySku = skus
    .map((sku) => ({ sku, weight: sum(basis.flatMap((each) => (each.sku === sku ? [each.weight] : []))) }))
    .filter(({ weight }) => weight > 0);
  return bySku.length > 0 ? bySku : undefined;
};

/** An entry on its way: what it is made of, all of it multiplied by what came later. */
interface SlowEntry {
  ruleId: string;
  rule?: EarningRule;
  /** Of a multiplier's own entry one for each entry that it multiplied. */
  portions: { from: SlowEntry | null; value: Fraction }[];
  basis?: SlowBasis | undefined;
}

/** One way through the rules, in order. */
export interface SlowWay {
  entries: SlowEntry[];
  /** After it no other rule was looked at. */
  endedBy?: SlowEntry | undefined;
}

const added = (values: readonly Fraction[]): Fraction =>
  values.reduce<Fraction>(([n, d], [m, e]) => [n * e + m * d, d * e], [0n, 1n]);
const scaled = ([n, d]: Fraction, [m, e]: Fraction): Fraction => [n * m, d * e];
const wholeOf = ({ portions }: SlowEntry): Fraction => added(portions.map(({ value }) => value));

type SlowProgrammeRules = RulesProgramme & { tiers?: TierStructure };

const oneWay = (
  programme: SlowProgrammeRules,
  trigger: EarningRule['trigger'],
  event: EventFacts,
  customer: CustomerFacts | undefined,
  without: readonly string[],
): SlowWay => {
  const entries: SlowEntry[] = [];
  const add = (rule: EarningRule, portions: SlowEntry['portions'], basis: SlowBasis | undefined): SlowEntry => {
    const entry = { ruleId: rule.id, rule, portions, basis };
    entries.push(entry);
    return entry;
  };
  const multiplyAll = (targets: readonly SlowEntry[], by: Fraction): void => {
    for (const { portions } of targets) for (const each of portions) each.value = scaled(each.value, by);
  };
  const rate = programme.rates.find(({ currency }) => currency === event.order?.currency);
  if (rate && event.order) {
    const value: Fraction = [BigInt(event.order.totalMinor) * BigInt(rate.points), BigInt(rate.perMinor)];
    entries.push({ ruleId: 'base', portions: [{ from: null, value }] });
  }
  const rules = programme.rules
    .filter(({ id }) => !without.includes(id))
    .filter((rule) => JSON.stringify(rule.trigger) === JSON.stringify(trigger))
    .filter(({ startsAt }) => startsAt === undefined || event.atMs >= Date.parse(startsAt))
    .filter(({ endsAt }) => endsAt === undefined || event.atMs < Date.parse(endsAt))
    .sort((a, b) => a.order - b.order);
  let endedBy: SlowEntry | undefined;
  for (const rule of rules) {
    if (rule.when && !slowHolds(rule.when, programme, event, customer)) continue;
    const { effect } = rule;
    let did = false;
    let own: SlowEntry | undefined;
    if (effect.kind === 'multiplier') {
      const targets = entries.filter(({ ruleId }) => effect.of === undefined || effect.of.includes(ruleId));
      if (rule.caps ?? rule.expiry ?? rule.activation) {
        const more: Fraction = [BigInt(effect.numerator - effect.denominator), BigInt(effect.denominator)];
        const portions = targets.map((from) => ({ from, value: scaled(wholeOf(from), more) }));
        did = targets.some((from) => wholeOf(from)[0] > 0n);
        if (did) own = add(rule, portions, targets.length === 1 ? targets[0]?.basis : undefined);
      } else {
        did = targets.some((from) => wholeOf(from)[0] > 0n);
        multiplyAll(targets, [BigInt(effect.numerator), BigInt(effect.denominator)]);
      }
    } else {
      const value = gift(rule, event);
      did = value[0] > 0n;
      if (did) own = add(rule, [{ from: null, value }], basisOf(rule, event));
    }
    if (did && (rule.stop || programme.matching === 'first')) {
      endedBy = own;
      break;
    }
  }
  // The customer's tier comes last of all.
  const tier = programme.tiers?.levels.find(({ id }) => id === customer?.tier)?.benefits.multiplier;
  if (tier) multiplyAll(entries, [BigInt(tier.numerator), BigInt(tier.denominator)]);
  return { entries, endedBy };
};

/** May there be less of it by caps? */
const cappable = ({ rule, portions }: SlowEntry): boolean =>
  rule?.caps !== undefined || portions.some(({ from }) => from !== null && cappable(from));

/** The ways through the rules: the next is taken when nothing is left of what ended the one before. */
export const slowWays = (
  programme: SlowProgrammeRules,
  trigger: EarningRule['trigger'],
  event: EventFacts,
  customer?: CustomerFacts,
): SlowWay[] => {
  const ways: SlowWay[] = [];
  const without: string[] = [];
  for (;;) {
    const way = oneWay(programme, trigger, event, customer, without);
    ways.push(way);
    const { endedBy } = way;
    if (!endedBy || !(cappable(endedBy) || rounded(wholeOf(endedBy), programme.rounding) === 0)) return ways;
    without.push(endedBy.ruleId);
  }
};

/** Rules that give something by one of the ways. */
export const slowPossible = ({ rounding }: RulesProgramme, ways: readonly SlowWay[]): string[] =>
  ways.flatMap(({ entries }) =>
    entries.filter((entry) => rounded(wholeOf(entry), rounding) > 0).map(({ ruleId }) => ruleId),
  );

/** Points by rule, in order; `capOf` tells what caps that count leave of a rule's. */
export const slowTaken = (
  { rounding }: RulesProgramme,
  ways: readonly SlowWay[],
  capOf: (ruleId: string, points: number) => number = (_, points) => points,
): { ruleId: string; points: number; basis?: SlowBasis | undefined }[] => {
  for (const [i, { entries, endedBy }] of ways.entries()) {
    /** What caps left of each, of all that it would have been. */
    const kept = new Map<SlowEntry, Fraction>();
    const points = new Map<SlowEntry, number>();
    for (const entry of entries) {
      const whole = wholeOf(entry);
      const some = added(
        entry.portions.map(({ from, value }) => (from === null ? value : scaled(value, kept.get(from) ?? [1n, 1n]))),
      );
      const earned = rounded(some, rounding);
      const { perOrder: most = Infinity, beyond } = entry.rule?.caps ?? {};
      const once = earned <= most ? earned : beyond === 'reject' ? 0 : most;
      const left = once === 0 ? 0 : capOf(entry.ruleId, once);
      points.set(entry, left);
      const ofOwn: Fraction = earned === 0 ? [1n, 1n] : [BigInt(left), BigInt(earned)];
      const ofOthers: Fraction = whole[0] === 0n ? [1n, 1n] : [some[0] * whole[1], some[1] * whole[0]];
      kept.set(entry, scaled(ofOwn, ofOthers));
    }
    const vanished = endedBy && points.get(endedBy) === 0;
    if (vanished && i < ways.length - 1) continue;
    return entries.flatMap((entry) => {
      const left = points.get(entry) ?? 0;
      return left > 0 ? [{ ruleId: entry.ruleId, points: left, basis: entry.basis }] : [];
    });
  }
  return [];
};

export interface SlowAward {
  ruleId: string;
  customerId: string;
  atMs: number;
  points: number;
}

/** Are two instants in one period of the programme? */
const samePeriod = (programme: RulesProgramme, per: CapPeriod, a: number, b: number): boolean => {
  const { dayOf } = createSlowCalendar(programme);
  return per === 'forever' || isSamePeriod(per, dayOf(a), dayOf(b));
};

/** What the caps leave of an award after all those given before. */
export const slowCap = (programme: RulesProgramme, before: readonly SlowAward[], award: SlowAward): number => {
  const caps = programme.rules.find(({ id }) => id === award.ruleId)?.caps;
  let left = award.points;
  const counted = [
    ...(caps?.perCustomer ?? []).map((cap) => ({ ...cap, own: true })),
    ...(caps?.budget ?? []).map((cap) => ({ ...cap, own: false })),
  ];
  for (const { limit, unit, per, own } of counted) {
    const same = before
      .filter(({ ruleId, customerId }) => ruleId === award.ruleId && (!own || customerId === award.customerId))
      .filter(({ atMs }) => samePeriod(programme, per, atMs, award.atMs));
    if (unit === 'awards') left = same.length < limit ? left : 0;
    else left = Math.max(0, Math.min(left, limit - sum(same.map(({ points }) => points))));
  }
  return left < award.points && caps?.beyond === 'reject' ? 0 : left;
};
