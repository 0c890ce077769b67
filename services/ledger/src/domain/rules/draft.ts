import { present } from '@vafa/kernel';
import { BASE_RULE, type Rounding } from '../programme.ts';
import type { Award } from './award.ts';
import type { Basis } from './basis.ts';
import type { CompiledRule } from './compile.ts';
import { type Exact, exactText, isNothing, plus, product, quotient, roundPoints, times } from './exact.ts';
import type { Explanation, Step } from './explanation.ts';

/** A multiplier at work on an entry. */
interface Factor {
  rule: CompiledRule;
  numerator: number;
  denominator: number;
  /** What the entry has come to by it, no cap looked at. */
  exact: Exact;
}

/** What a multiplier with an entry of its own gives: its part of what others were worth when its turn came. */
interface Share {
  of: { draft: Draft; exact: Exact }[];
  numerator: number;
  denominator: number;
}

/** An entry while rules are still at it: how it began, and what multiplied it since, in order. */
export interface Draft {
  /** Its place among the entries. */
  place: number;
  /** null = the rate. */
  rule: CompiledRule | null;
  began: Exact;
  /** Given where it began as a part of others. */
  share: Share | null;
  factors: Factor[];
  /** What it has come to, no cap looked at. */
  exact: Exact;
  /** The lines that its points rest on; not given = the whole order. */
  basis: Basis | undefined;
}

export const idOf = ({ rule }: Draft): string => rule?.id ?? BASE_RULE;

/** Adds an entry of what the rate (rule null) or a rule gives. */
export const addDraft = (
  drafts: Draft[],
  rule: CompiledRule | null,
  exact: Exact,
  basis?: Basis,
  share: Share | null = null,
): void => {
  drafts.push({ place: drafts.length, rule, began: exact, share, factors: [], exact, basis });
};

/** Changes an entry by a multiplier. */
export const multiply = (draft: Draft, rule: CompiledRule, numerator: number, denominator: number): void => {
  const exact = times(draft.exact, numerator, denominator);
  draft.exact = exact;
  draft.factors.push({ rule, numerator, denominator, exact });
};

/** The sum of entries; null of none. */
const sumOf = (parts: readonly { exact: Exact }[]): Exact | null => {
  let sum: Exact | null = null;
  for (const { exact } of parts) sum = sum === null ? exact : plus(sum, exact);
  return sum;
};

/**
 * Adds the entry of a multiplier that has one of its own, with `numerator ÷ denominator` of what its targets come to so far.
 * Returns whether that is anything. It rests on what it multiplies: on lines where that is one entry that does.
 */
export const addShare = (
  drafts: Draft[],
  targets: readonly Draft[],
  rule: CompiledRule,
  numerator: number,
  denominator: number,
): boolean => {
  const sum = sumOf(targets);
  if (sum === null || isNothing(sum)) return false;
  const of = targets.map((draft) => ({ draft, exact: draft.exact }));
  const basis = targets.length === 1 ? targets[0]?.basis : undefined;
  addDraft(drafts, rule, times(sum, numerator, denominator), basis, { of, numerator, denominator });
  return true;
};

/** May caps take something of an entry? */
export const mayBeCut = ({ rule, share }: Draft): boolean =>
  (rule !== null && (rule.perOrder !== Infinity || rule.counted.length > 0)) ||
  (share?.of.some(({ draft }) => mayBeCut(draft)) ?? false);

/** What became of an entry. */
export interface Settled {
  draft: Draft;
  /** undefined: it has no points. */
  award: Award | undefined;
  /** The part of its exact value that caps left it; null = all of it. */
  left: Exact | null;
  /** Caps, its own or those of what it multiplies, took all that it had. */
  cappedAway: boolean;
}

/** What the targets of a share were worth when its turn came, less what caps took of them since; null = all of it. */
const leftOf = ({ of }: Share, settled: readonly Settled[]): Exact | null => {
  const lefts = of.map(({ draft }) => settled[draft.place]?.left ?? null);
  if (lefts.every((left) => left === null)) return null;
  return sumOf(of.map(({ exact }, i) => ({ exact: lefts[i] ? product(exact, lefts[i]) : exact })));
};

/** Where a part of others begins, of which caps left it `sum` to be a part of. */
const shareStep = (rule: CompiledRule, share: Share, sum: Exact, rounding: Rounding): Step => {
  const { numerator, denominator } = share;
  const of = roundPoints(sum, rounding);
  const points = roundPoints(times(sum, numerator, denominator), rounding);
  const step: Step = { kind: 'bonus', ruleId: rule.id, name: rule.name, numerator, denominator, of, points };
  return withExact(step, sum);
};

/** A value that others go on from and that is not whole is told, so that the explanation can be worked out. */
const withExact = <Told extends Step & { exact?: string }>(step: Told, value: Exact): Told => {
  const exact = exactText(value);
  if (exact !== null) step.exact = exact;
  return step;
};

/** Where an entry begins. */
const firstStep = ({ rule, began, share, factors }: Draft, sum: Exact | null, rounding: Rounding): Step => {
  if (rule !== null && share !== null)
    return shareStep(rule, share, sum ?? present(sumOf(share.of), 'what is multiplied'), rounding);
  const points = roundPoints(began, rounding);
  const step: Exclude<Step, { kind: 'cap' | 'times' | 'bonus' }> =
    rule === null ? { kind: 'base', points } : { kind: 'rule', ruleId: rule.id, name: rule.name, points };
  return factors.length === 0 ? step : withExact(step, began);
};

/** The steps up to the caps, and what they come to; `sum` as of `shareStep`, null where no cap took anything of it. */
const explain = (draft: Draft, sum: Exact | null, rounding: Rounding): { steps: Explanation; points: number } => {
  const first = firstStep(draft, sum, rounding);
  const steps: Explanation = [first];
  let { points } = first;
  const { share } = draft;
  let exact = share !== null && sum !== null ? times(sum, share.numerator, share.denominator) : null;
  for (const factor of draft.factors) {
    const { rule, numerator, denominator } = factor;
    if (exact !== null) exact = times(exact, numerator, denominator);
    const after = roundPoints(exact ?? factor.exact, rounding);
    steps.push({ kind: 'times', ruleId: rule.id, name: rule.name, numerator, denominator, points: after - points });
    points = after;
  }
  return { steps, points };
};

/** Takes off what is over the cap of one order. */
const capPerOrder = (award: Award): Award | undefined => {
  const { rule, points, explanation } = award;
  if (rule === null || points <= rule.perOrder) return award;
  if (rule.beyond === 'reject') return undefined;
  const { perOrder } = rule;
  const cut = { kind: 'cap' as const, of: 'order' as const, limit: perOrder, unit: 'points' as const };
  return { ...award, points: perOrder, explanation: [...(explanation ?? []), { ...cut, points: perOrder - points }] };
};

/** What counted caps leave of an award; undefined: nothing. */
export type CapOf = (award: Award) => Award | undefined;

const settle = (draft: Draft, settled: readonly Settled[], rounding: Rounding, capOf: CapOf): Settled => {
  const { rule, share, basis } = draft;
  const sum = share === null ? null : leftOf(share, settled);
  const { steps, points } = explain(draft, sum, rounding);
  let award: Award | undefined;
  if (points > 0) {
    // The rate by itself needs no more than its points.
    const explanation = rule === null && steps.length === 1 ? null : steps;
    const full: Award = { ruleId: idOf(draft), points, explanation, rule };
    if (basis !== undefined) full.basis = basis;
    const once = capPerOrder(full);
    award = once && capOf(once);
  }
  const kept = award?.points ?? 0;
  if (kept === points && sum === null) return { draft, award, left: null, cappedAway: false };
  const ofPoints: Exact = points === 0 ? { n: 1, d: 1, wide: null } : { n: kept, d: points, wide: null };
  const left =
    share === null || sum === null
      ? ofPoints
      : product(ofPoints, quotient(sum, present(sumOf(share.of), 'what is multiplied')));
  return { draft, award, left, cappedAway: kept === 0 && roundPoints(draft.exact, rounding) > 0 };
};

/**
 * Turns entries into awards, in their order: each rounded once, at its end, then capped. A multiplier's own entry has its part of
 * what caps left of those it multiplies, each in proportion: no bonus of points that were not given.
 * @throws AppError rejected `ledger.points_out_of_range` when one would be more than can be counted
 */
export const settleDrafts = (drafts: readonly Draft[], rounding: Rounding, capOf: CapOf): Settled[] => {
  const settled: Settled[] = [];
  for (const draft of drafts) settled.push(settle(draft, settled, rounding, capOf));
  return settled;
};
