import { mulDivFloor } from '@vafa/kernel';
import type { LineFilter } from './terms.ts';

export interface CartLine {
  sku: string;
  quantity: number;
  amountMinor: number;
  category?: string;
  brand?: string;
  labels?: readonly string[];
}

/** What is about to be bought. */
export interface Cart {
  currency: string;
  /** With delivery and the like, so the lines may come to less, never to more. */
  totalMinor: number;
  lines: readonly CartLine[];
}

/** What is left of a cart while discounts are taken off: of each line, and of what belongs to no line. */
export interface Remains {
  /** `leftPieces`: those of the line that no coupon has made free. */
  parts: { line: CartLine | null; originalMinor: number; leftMinor: number; leftPieces: number }[];
}

export const remainsOf = ({ totalMinor, lines }: Cart): Remains => {
  const inLines = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const part = (line: CartLine | null, minor: number): Remains['parts'][number] => ({
    line,
    originalMinor: minor,
    leftMinor: minor,
    leftPieces: line?.quantity ?? 0,
  });
  return { parts: [...lines.map((line) => part(line, line.amountMinor)), part(null, totalMinor - inLines)] };
};

export type Part = Remains['parts'][number];

export const leftIn = (parts: readonly Part[]): number => parts.reduce((sum, { leftMinor }) => sum + leftMinor, 0);

const names = (list: readonly string[] | undefined, ...values: readonly (string | undefined)[]): boolean =>
  !list || values.some((value) => value !== undefined && list.includes(value));

/** The parts a discount may be taken off: all of the cart, or the lines that the filter names. */
export const eligibleParts = ({ parts }: Remains, filter: LineFilter | undefined): Part[] =>
  filter === undefined
    ? parts
    : parts.filter(
        ({ line }) =>
          line !== null &&
          names(filter.skus, line.sku) &&
          names(filter.categories, line.category) &&
          names(filter.brands, line.brand) &&
          names(filter.labels, ...(line.labels ?? [])),
      );

/** Takes an amount, not more than is left in them, off the parts: each its share, what rounding leaves off the first. */
export const takeOff = (parts: readonly Part[], minor: number): void => {
  const total = leftIn(parts);
  let rest = minor;
  for (const part of parts) {
    const share = total === 0 ? 0 : mulDivFloor(minor, part.leftMinor, total);
    part.leftMinor -= share;
    rest -= share;
  }
  for (const part of parts) {
    const more = Math.min(rest, part.leftMinor);
    part.leftMinor -= more;
    rest -= more;
  }
};
