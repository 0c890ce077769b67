import type { Queryable } from '@vafa/bus';
import { type Applied, type AskedCode, applyCoupons, type Coupon } from '../domain/coupons/apply-coupons.ts';
import type { Cart } from '../domain/coupons/cart.ts';
import { isMistyped, normaliseCode, readPattern } from '../domain/coupons/code.ts';
import { findPatternsLike } from '../store/coupon-pools.ts';
import { countUses, findCoupons } from '../store/coupons.ts';
import type { CurrentRules } from './current-programme.ts';
import { findCustomerFacts, type OfferFacts } from './customer-facts.ts';

/** A cart and the codes that were typed for it. */
export interface CouponCommand {
  /** The customer whose account counts; null = nobody in particular. */
  customerId: string | null;
  cart: Cart;
  codes: readonly string[];
}

type FindCoupons = (codes: readonly string[]) => Promise<Omit<Coupon, 'usesOfCustomer'>[]>;

const isMistypedCode = async (db: Queryable, code: string): Promise<boolean> =>
  (await findPatternsLike(db, code)).some((pattern) => isMistyped(readPattern(pattern), code));

const factsOf = async (
  db: Queryable,
  customerId: string,
  now: Temporal.Instant,
  { currentRules }: { currentRules: CurrentRules },
): Promise<OfferFacts> => findCustomerFacts(db, customerId, (await currentRules(db)).tiers, now.epochMilliseconds);

/**
 * Decides on the codes of a cart by what is known now. Codes are compared as `normaliseCode` makes them, and answered so.
 * `find` reads the coupons, under lock where they are to be used.
 */
export const decideCoupons = async (
  db: Queryable,
  { customerId, cart, codes }: CouponCommand,
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
  find: FindCoupons = (wanted) => findCoupons(db, wanted),
): Promise<Applied> => {
  const typed = codes.map(normaliseCode);
  // Before the coupons, which many may wait for once they are locked.
  const [facts, uses] =
    customerId === null
      ? [null, new Map<string, number>()]
      : await Promise.all([factsOf(db, customerId, now, deps), countUses(db, customerId)]);
  const found = await find([...new Set(typed)]);
  const byCode = new Map(found.map((coupon) => [coupon.code, coupon]));
  const asked: AskedCode[] = [];
  for (const code of typed) {
    const coupon = byCode.get(code);
    asked.push({
      code,
      coupon: coupon && { ...coupon, usesOfCustomer: uses.get(coupon.poolId) ?? 0 },
      mistyped: !coupon && (await isMistypedCode(db, code)),
    });
  }
  const customer = facts === null || customerId === null ? null : { customerId, ...facts };
  return applyCoupons(cart, customer, asked, now.epochMilliseconds);
};
