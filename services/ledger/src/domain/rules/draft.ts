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
}

/** What a multiplier with an entry of its own gives: its part of what others were worth when its turn came. */
interface Share extends Factor {
  of: { draft: Draft; exact: Exact }[];
}

/** An entry while rules are still at it: how it began, and what multiplied it since, in order. */
export interface Draft {
  /** null = the rate. */
  rule: CompiledRule | null;
  began: Exact | Share;
  factors: Factor[];
  /** What it has come to, no cap looked at. */
  exact: Exact;
  /** The lines that its points rest on; not given = the whole order. */
  basis?: Basis | undefined;
}

export const idOf = ({ rule }: Draft): string => rule?.id ?? BASE_RULE;

const isShare = (began: Draft['began']): began is Share => 'of' in began;

/** Changes an entry by a multiplier. */
export const multiply = (draft: Draft, rule: CompiledRule, numerator: number, denominator: number): void => {
  draft.exact = times(draft.exact, numerator, denominator);
  draft.factors.push({ rule, numerator, denominator });
};

/** The sum of entries; null of none. */
const sumOf = (parts: readonly { exact: Exact }[]): Exact | null => {
  let sum: Exact | null = null;
  for (const { exact } of parts) sum = sum === null ? exact : plus(sum, exact);
  return sum;
};

/**
 * The entry of a multiplier that has one of its own, with `numerator ÷ denominator` of what its targets come to so far; undefined
 * when that is nothing. It rests on what it multiplies: on lines where that is one entry that does.
 */
export const shareOf = (
  targets: readonly Draft[],
  rule: CompiledRule,
  numerator: number,
  denominator: number,
): Draft | undefined => {
  const sum = sumOf(targets);
  if (sum === null || isNothing(sum)) return undefined;
  const of = targets.map((draft) => ({ draft, exact: draft.exact }));
  return {
    rule,
    began: { rule, numerator, denominator, of },
    factors: [],
    exact: times(sum, numerator, denominator),
    basis: targets.length === 1 ? targets[0]?.basis : undefined,
  };
};

/** What became of an entry. */
export interface Settled {
  /** undefined: it has no points. */
  award: Award | undefined;
  /** The part of its exact value that caps left it; null = all of it. */
  left: Exact | null;
  /** Caps, its own or those of what it multiplies, took all that it had. */
  cappedAway: boolean;
}

type SettledBy = ReadonlyMap<Draft, Settled>;

/** What the targets of a multiplier's own entry were worth when its turn came, less what caps took of them since. */
const ofLeft = ({ of }: Share, settled: SettledBy): Exact | null =>
  sumOf(
    of.map(({ draft, exact }) => {
      const left = settled.get(draft)?.left ?? null;
      return { exact: left === null ? exact : product(exact, left) };
    }),
  );

/** May caps take something of an entry? */
export const mayBeCut = ({ rule, began }: Draft): boolean =>
  (rule !== null && (rule.perOrder !== Infinity || rule.counted.length > 0)) ||
  (isShare(began) && began.of.some(({ draft }) => mayBeCut(draft)));

const isCut = ({ of }: Share, settled: SettledBy): boolean =>
  of.some(({ draft }) => (settled.get(draft)?.left ?? null) !== null);

/** A value that others go on from and that is not whole is told, so that the explanation can be worked out. */
const unrounded = (value: Exact): { exact?: string } => {
  const exact = exactText(value);
  return exact === null ? {} : { exact };
};

/** Where an entry begins, as its explanation tells it. */
const firstStep = (
  { rule, began, factors }: Draft,
  of: Exact | null,
  rounding: Rounding,
): { step: Step; exact: Exact } => {
  if (isShare(began)) {
    const { numerator, denominator } = began;
    const sum = of as Exact;
    const exact = times(sum, numerator, denominator);
    const step: Step = {
      ...{ kind: 'bonus', ruleId: began.rule.id, name: began.rule.name, numerator, denominator },
      ...{ of: roundPoints(sum, rounding), ...unrounded(sum), points: roundPoints(exact, rounding) },
    };
    return { step, exact };
  }
  const said = { points: roundPoints(began, rounding), ...(factors.length > 0 ? unrounded(began) : {}) };
  const step: Step =
    rule === null ? { kind: 'base', ...said } : { kind: 'rule', ruleId: rule.id, name: rule.name, ...said };
  return { step, exact: began };
};

/** The steps up to the caps, and what they come to. */
const explain = (draft: Draft, of: Exact | null, rounding: Rounding): { steps: Explanation; points: number } => {
  const { step, exact: began } = firstStep(draft, of, rounding);
  const steps: Explanation = [step];
  let exact = began;
  let { points } = step;
  for (const { rule, numerator, denominator } of draft.factors) {
    exact = times(exact, numerator, denominator);
    const after = roundPoints(exact, rounding);
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

/**
 * Turns entries into awards, in their order: each rounded once, at its end, then capped. A multiplier's own entry has its part of
 * what caps left of those it multiplies, each in proportion: no bonus of points that were not given.
 * @throws AppError rejected `ledger.points_out_of_range` when one would be more than can be counted
 */
export const settleDrafts = (drafts: readonly Draft[], rounding: Rounding, capOf: CapOf): Map<Draft, Settled> => {
  const settled = new Map<Draft, Settled>();
  for (const draft of drafts) {
    const { rule, began, basis } = draft;
    const of = isShare(began) ? ofLeft(began, settled) : null;
    const cutBefore = isShare(began) && isCut(began, settled);
    const { steps, points } = explain(draft, of, rounding);
    // The rate by itself needs no more than its points.
    const explanation = rule === null && steps.length === 1 ? null : steps;
    const full: Award = { ruleId: idOf(draft), points, explanation, rule, ...(basis === undefined ? {} : { basis }) };
    const onceCapped = points > 0 ? capPerOrder(full) : undefined;
    const award = onceCapped && capOf(onceCapped);
    const ofPoints: Exact | null =
      points === 0 || award?.points === points ? null : { n: award?.points ?? 0, d: points, wide: null };
    const ofTargets = cutBefore ? quotient(of as Exact, sumOf((began as Share).of) as Exact) : null;
    const left = ofPoints === null || ofTargets === null ? (ofPoints ?? ofTargets) : product(ofPoints, ofTargets);
    const cappedAway = award === undefined && roundPoints(draft.exact, rounding) > 0;
    settled.set(draft, { award, left, cappedAway });
  }
  return settled;
};
