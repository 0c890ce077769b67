import { mulDivFloor } from '@vafa/kernel';
import type { OrderLine } from './order-line.ts';
import { BASE_RULE } from './programme.ts';
import type { Basis } from './rules/basis.ts';

/** An entry that an order earned. */
export interface OrderAward {
  ruleId: string;
  /** Transfer and lot. */
  earnId: string;
  points: number;
  /** What of its points refunds were to take back so far. */
  due: number;
  /** The lines that its points rest on; not given = the whole order. */
  basis?: Basis;
}

/** An order as far as its entries are concerned. */
interface Earning {
  totalMinor: number;
  refundedMinor: number;
  pointsEarned: number;
  earnId: string | null;
  awards?: OrderAward[];
  lines: ReadonlyMap<string, OrderLine>;
}

/** What a refund is to take back of one of an order's entries. */
export interface Due {
  ruleId: string;
  earnId: string;
  points: number;
}

/** Points for a refunded part of an order: rounded down, so that parts add up to the whole, never to more. */
const shareOf = (points: number, refundedMinor: number, totalMinor: number): number =>
  totalMinor === 0 ? 0 : mulDivFloor(points, refundedMinor, totalMinor);

/** The entries that an order earned; where the rate alone made one, it is told by the order's own fields. */
export const awardsOf = (order: Earning): OrderAward[] => {
  const { awards, earnId, pointsEarned: points, refundedMinor, totalMinor } = order;
  if (awards) return awards;
  return earnId === null
    ? []
    : [{ ruleId: BASE_RULE, earnId, points, due: shareOf(points, refundedMinor, totalMinor) }];
};

/** What of a line's weight is returned: the share of its pieces or of its money, whichever is more. */
const goneOf = (weight: number, [quantity, lineMinor, goneQuantity = 0, goneMinor = 0]: OrderLine): number =>
  Math.max(shareOf(weight, goneQuantity, quantity), shareOf(weight, goneMinor, lineMinor));

/**
 * Points of an entry that rests on lines, for all refunded so far. What was refunded by line takes the share of the entry's lines
 * that are returned; what was refunded by amount, the share of what lines left of the order. So what stays is the product of what
 * both left: it never grows, and is nothing once the order is refunded to the last.
 */
const shareOfLines = (order: Earning, points: number, basis: Basis): number => {
  const { totalMinor, refundedMinor, lines } = order;
  let byLineMinor = 0;
  for (const [, , , goneMinor = 0] of lines.values()) byLineMinor += goneMinor;
  let weight = 0;
  let kept = 0;
  for (const [sku, each] of basis) {
    weight += each;
    kept += each - goneOf(each, lines.get(sku) ?? [0, 0]);
  }
  const stays = BigInt(points) * BigInt(kept) * BigInt(totalMinor - refundedMinor);
  return Number(BigInt(points) - ceilOf(stays, BigInt(weight) * BigInt(totalMinor - byLineMinor)));
};

const ceilOf = (numerator: bigint, denominator: bigint): bigint => (numerator + denominator - 1n) / denominator;

/**
 * What of an entry's points all refunds so far come to. An order that cost nothing (its points came from rules) gives all of them
 * back when it is refunded as a whole.
 */
const targetOf = (order: Earning, { points, basis }: OrderAward, whole: boolean): number => {
  const { totalMinor, refundedMinor } = order;
  if (totalMinor === 0) return whole ? points : 0;
  return basis === undefined || refundedMinor === totalMinor
    ? shareOf(points, refundedMinor, totalMinor)
    : shareOfLines(order, points, basis);
};

/** What is due of each entry for what is refunded of the order, less what was due before. */
export const duesOf = (order: Earning, awards: readonly OrderAward[], whole: boolean): Due[] =>
  awards.flatMap((award) => {
    const { ruleId, earnId } = award;
    const target = targetOf(order, award, whole);
    const due = target - award.due;
    if (due <= 0) return [];
    award.due = target;
    return [{ ruleId, earnId, points: due }];
  });
