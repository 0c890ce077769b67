import { couponExpiryMs } from '../domain/coupons/coupon-expiry.ts';
import { couldUse, usableFromMs } from '../domain/coupons/usable.ts';
import type { ClaimFacts, RewardDefinition } from '../domain/rewards/reward.ts';
import type { OfferedPool } from '../store/offered-pools.ts';
import type { OfferFacts } from './customer-facts.ts';

/** What comes of the codes of a pool for one customer at one moment. */
export interface CouponOffer {
  pool: OfferedPool;
  /** When a code that is given now ends by itself; null = it does not. */
  expiresAtMs: number | null;
  usableFromMs: number;
  usable: boolean;
}

export const couponOfferOf = (
  pool: OfferedPool,
  customer: OfferFacts,
  now: Temporal.Instant,
  timeZone = 'UTC',
): CouponOffer => {
  const nowMs = now.epochMilliseconds;
  const expiresAtMs = couponExpiryMs(now, pool.validDays, timeZone);
  const usable = couldUse(pool, { ...customer, codes: pool.codesOfCustomer }, expiresAtMs, nowMs);
  return { pool, expiresAtMs, usableFromMs: usableFromMs(pool.terms, nowMs), usable };
};

/** What a claim asks of the coupon that comes with the reward; one whose pool is not there has no code to give. */
export const couponFactsOf = (
  { couponPoolId }: Pick<RewardDefinition, 'couponPoolId'>,
  offer: CouponOffer | undefined,
): Pick<ClaimFacts, 'couponUsable' | 'couponLeft'> => ({
  couponUsable: offer?.usable ?? true,
  couponLeft: couponPoolId === null || offer?.pool.codeLeft === true,
});
