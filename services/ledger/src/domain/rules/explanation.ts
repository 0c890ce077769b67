import { BASE_RULE } from '../programme.ts';
import type { CapPeriod, CapUnit } from './rule.ts';

/**
 * One step of how an entry's points came about. The `points` of all steps add up to the entry's. What others go on from and is
 * not whole is told by `exact`, too, as an entry is rounded at its end alone: "2 = 1.5 base × 1.5 weekend".
 * base: the programme's rate · rule: what a rule gave by itself · times: what multiplying changed by (negative when it takes)
 * · bonus: what a multiplier with an entry of its own gave · cap: what a cap took off, negative.
 */
export type Step =
  | { kind: 'base'; points: number; exact?: string }
  | { kind: 'rule'; ruleId: string; name: string; points: number; exact?: string }
  | { kind: 'times'; ruleId: string; name: string; numerator: number; denominator: number; points: number }
  | {
      kind: 'bonus';
      ruleId: string;
      name: string;
      numerator: number;
      denominator: number;
      of: number;
      /** Of what it multiplies. */
      exact?: string;
      points: number;
    }
  | { kind: 'cap'; of: 'order' | 'customer' | 'budget'; limit: number; unit: CapUnit; per?: CapPeriod; points: number };

/** For machines; what is kept with an entry. */
export type Explanation = Step[];

/** A ratio as people write it: 1.2 where the decimals end, else 4/3. */
const ratioText = (numerator: number, denominator: number): string => {
  const value = numerator / denominator;
  for (let digits = 0, scale = 1; digits <= 6; digits++, scale *= 10)
    if ((numerator * scale) % denominator === 0) return value.toFixed(digits);
  return `${numerator}/${denominator}`;
};

const CAP_OF = { order: 'per order', customer: 'per customer and', budget: 'for all per' } as const;

const capText = (step: Extract<Step, { kind: 'cap' }>): string => {
  const whose =
    step.per === 'forever'
      ? CAP_OF[step.of].replace(/ (and|per)$/, '')
      : `${CAP_OF[step.of]} ${step.per ?? ''}`.trimEnd();
  return `${-step.points} over the cap of ${step.limit} ${step.unit} ${whose}`;
};

const stepText = (step: Step): string => {
  switch (step.kind) {
    case 'base':
      return `${step.exact ?? step.points} base`;
    case 'rule':
      return `${step.exact ?? step.points} ${step.name}`;
    case 'times':
      return ` × ${ratioText(step.numerator, step.denominator)} ${step.name}`;
    case 'bonus':
      return `${step.exact ?? step.of} × ${ratioText(step.numerator, step.denominator)} ${step.name}`;
    case 'cap':
      return ` − ${capText(step)}`;
  }
};

/** For people: "120 = 100 base × 1.2 silver". */
export const explanationText = (explanation: Explanation): string =>
  `${explanation.reduce((sum, { points }) => sum + points, 0)} = ${explanation.map(stepText).join('')}`;

/** The rate by itself needs no more than its points: it is kept without an explanation, and told with this one. */
export const byRateAlone = (points: number): Explanation => [{ kind: 'base', points }];

/** How the points of an entry came about, in the words that a simulation has for it; null = by no rule and no rate. */
export const explanationOf = (entry: {
  kind: string;
  /** What was earned, pending or not. */
  points: number;
  ruleId: string | null;
  explanation: Explanation | null;
}): { text: string; steps: Explanation } | null => {
  const { kind, points, ruleId, explanation } = entry;
  const steps = explanation ?? (kind === 'earn' && ruleId === BASE_RULE ? byRateAlone(points) : null);
  return steps && { text: explanationText(steps), steps };
};
