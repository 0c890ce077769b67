import { mulDivFloor } from '@vafa/kernel';
import { BASE_RULE } from './programme.ts';

/** An entry that an order earned. */
export interface OrderAward {
  ruleId: string;
  /** Transfer and lot. */
  earnId: string;
  points: number;
  /** What of its points refunds were to take back so far. */
  due: number;
}

/** An order as far as its entries are concerned. */
interface Earning {
  totalMinor: number;
  refundedMinor: number;
  pointsEarned: number;
  earnId: string | null;
  awards?: OrderAward[];
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

/**
 * What is due of each entry once so much of the order is refunded, less what was due before. An order that cost nothing (its
 * points came from rules) gives all of them back when it is refunded as a whole.
 */
export const duesOf = (order: Earning, awards: readonly OrderAward[], refundedMinor: number, whole: boolean): Due[] =>
  awards.flatMap((award) => {
    const { ruleId, earnId, points } = award;
    const target = order.totalMinor === 0 && whole ? points : shareOf(points, refundedMinor, order.totalMinor);
    const due = target - award.due;
    if (due <= 0) return [];
    award.due = target;
    return [{ ruleId, earnId, points: due }];
  });
