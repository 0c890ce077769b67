import type { OrderLine } from '@vafa/contracts';
import type { OrderFacts } from './facts.ts';
import { compileLines, type LineTest } from './lines.ts';
import type { Condition, EarningRule, LineFilter } from './rule.ts';

/**
 * The lines of an order that an entry's points rest on: by sku, with what each counts for: minor units of money, or pieces or
 * lines where a rule counts those. A refund by line takes the points of the lines that are returned.
 */
export type Basis = [sku: string, weight: number][];

/** Tells it of an order; undefined: its points rest on the whole of it. */
export type BasisOf = (order: OrderFacts) => Basis | undefined;

type WeightOf = (line: OrderLine) => number;

const money: WeightOf = ({ amountMinor }) => amountMinor;
const pieces: WeightOf = ({ quantity }) => quantity;
const one: WeightOf = () => 1;

/** What passes, by sku; undefined when nothing of any weight does, or all that has some and `sharesAll` tells that by itself. */
const basisBy =
  (passes: LineTest | undefined, weightOf: WeightOf, sharesAll: boolean): BasisOf =>
  ({ lines }) => {
    const weights = new Map<string, number>();
    let sum = 0;
    let all = true;
    for (const line of lines) {
      const weight = weightOf(line);
      if (weight === 0) continue;
      if (passes === undefined || passes(line)) {
        weights.set(line.sku, (weights.get(line.sku) ?? 0) + weight);
        sum += weight;
      } else all = false;
    }
    return sum === 0 || (all && sharesAll) ? undefined : [...weights];
  };

/** The lines that conditions ask for; what is to be missing is none of them. */
const linesAsked = (condition: Condition): LineFilter[] => {
  if ('not' in condition) return [];
  if ('all' in condition) return condition.all.flatMap(linesAsked);
  if ('any' in condition) return condition.any.flatMap(linesAsked);
  return 'lines' in condition ? [condition.lines] : [];
};

const anyOf = (filters: readonly LineFilter[]): LineTest => {
  const tests = filters.map((filter) => compileLines(filter) ?? (() => true));
  return (line) => tests.some((test) => test(line));
};

/**
 * Prepares on which lines the points of a rule rest; null where that is the whole order in any case, which costs nothing then.
 * Conditions tell it of points that are given for the lines being there (fixed); what is counted tells it by itself.
 */
export const compileBasis = ({ effect, when }: Pick<EarningRule, 'effect' | 'when'>): BasisOf | null => {
  switch (effect.kind) {
    case 'per_amount': {
      const passes = compileLines(effect.lines);
      return passes === undefined ? null : basisBy(passes, money, true);
    }
    case 'per_line':
      return basisBy(compileLines(effect.lines), effect.each === 'unit' ? pieces : one, false);
    case 'fixed': {
      const filters = when === undefined ? [] : linesAsked(when);
      return filters.length === 0 ? null : basisBy(anyOf(filters), money, true);
    }
    case 'multiplier':
      return null;
  }
};
