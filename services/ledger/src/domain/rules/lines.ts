import type { OrderLine } from '@vafa/contracts';
import { LINE_FIELDS, type LineFilter, type LineMatch } from './rule.ts';

export type LineTest = (line: OrderLine) => boolean;

type Field = (typeof LINE_FIELDS)[number];

const fieldTest = (field: Field, values: readonly string[]): LineTest => {
  const wanted = new Set(values);
  if (field === 'label') return ({ labels }) => labels?.some((label) => wanted.has(label)) ?? false;
  return (line) => {
    const value = line[field];
    return value !== undefined && wanted.has(value);
  };
};

const testsOf = (match: LineMatch): LineTest[] =>
  LINE_FIELDS.flatMap((field) => {
    const values = match[field];
    return values === undefined ? [] : [fieldTest(field, values)];
  });

/** Prepares a filter; undefined when every line passes, which saves looking at them. */
export const compileLines = (filter: LineFilter | undefined): LineTest | undefined => {
  if (!filter) return undefined;
  const wanted = testsOf(filter);
  const unwanted = testsOf(filter.except ?? {});
  if (wanted.length + unwanted.length === 0) return undefined;
  const [only] = wanted;
  if (only && wanted.length === 1 && unwanted.length === 0) return only;
  return (line) => {
    for (const test of wanted) if (!test(line)) return false;
    for (const test of unwanted) if (test(line)) return false;
    return true;
  };
};

/** Sums over the lines that pass. */
export const sumAmount = (lines: readonly OrderLine[], passes: LineTest | undefined): number => {
  let sum = 0;
  for (const line of lines) if (passes === undefined || passes(line)) sum += line.amountMinor;
  return sum;
};

export const sumQuantity = (lines: readonly OrderLine[], passes: LineTest | undefined): number => {
  let sum = 0;
  for (const line of lines) if (passes === undefined || passes(line)) sum += line.quantity;
  return sum;
};

export const countLines = (lines: readonly OrderLine[], passes: LineTest | undefined): number => {
  if (passes === undefined) return lines.length;
  let count = 0;
  for (const line of lines) if (passes(line)) count += 1;
  return count;
};
