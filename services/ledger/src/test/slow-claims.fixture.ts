import { CLAIMABLE } from './claims.fixture.ts';
import type { SlowBook, SlowHold } from './slow-book.fixture.ts';
import { isNobody } from './slow-leave.fixture.ts';
import type { createSlowSpending } from './slow-spending.fixture.ts';

/** What a customer got for points. */
export interface SlowClaim {
  customerId: string;
  reward: number;
  reference: string | undefined;
  hold: SlowHold;
  stands: boolean;
}

/** Rewards: points are spent for a piece and a code, and come back into their lots when the claim is cancelled. */
export const createSlowClaims = (
  { customer, holds, log, giveBack }: SlowBook,
  { reserve, capture }: Pick<ReturnType<typeof createSlowSpending>, 'reserve' | 'capture'>,
  ownerOf: (name: string) => string,
) => {
  const claims: SlowClaim[] = [];
  const isFor = (customerId: string, reward: number): boolean => {
    const { stock, perCustomer, codes } = CLAIMABLE[reward] as (typeof CLAIMABLE)[number];
    const all = claims.filter((each) => each.reward === reward);
    const standing = all.filter(({ stands }) => stands);
    const own = standing.filter((each) => each.customerId === customerId);
    // A code that a customer has seen is never given again.
    return (
      standing.length < (stock ?? Infinity) &&
      own.length < (perCustomer ?? Infinity) &&
      all.length < (codes ?? Infinity)
    );
  };
  return {
    claims,
    /** Returns the number of the claim, the same for the same reference; undefined: refused. */
    claim: (name: string, reward: number, reference: string | undefined): number | undefined => {
      const customerId = ownerOf(name);
      const again = claims.findIndex((each) => reference !== undefined && each.reference === reference);
      const before = claims[again];
      if (before) return before.customerId === customerId && before.reward === reward ? again : undefined;
      if (!isFor(customerId, reward)) return undefined;
      const { costPoints } = CLAIMABLE[reward] as (typeof CLAIMABLE)[number];
      const number = reserve(customerId, costPoints, 1, null);
      if (number === undefined) return undefined;
      capture(number, costPoints);
      customer(customerId).known = true;
      return claims.push({ customerId, reward, reference, hold: holds[number] as SlowHold, stands: true }) - 1;
    },
    /** Tells whether it was cancelled. */
    cancel: (number: number): boolean => {
      const found = claims[number];
      if (!found?.stands || isNobody(found.customerId)) return false;
      const { hold, customerId } = found;
      found.stands = false;
      const { points } = hold;
      giveBack(hold, points);
      log(customerId, 'redeem_reversal', points);
      return true;
    },
  };
};
