import { mulDivFloor } from '@vafa/kernel';
import { type Cart, eligibleParts, leftIn, type Part, type Remains, remainsOf, takeOff } from './cart.ts';
import { belongsTo, type CouponCustomer, type CouponTerms, type Discount, type PoolStatus } from './terms.ts';

/**
 * Why a code is not accepted. mistyped: the check character says so · duplicate: sent twice · disabled: voided, or its pool
 * is paused · used_up, reserved: no use left, some of them only held by orders under way · nothing_left: earlier coupons
 * paid for all of it.
 */
export const COUPON_REJECTIONS = [
  'not_found',
  'mistyped',
  'duplicate',
  'disabled',
  'not_started',
  'expired',
  'used_up',
  'reserved',
  'customer_required',
  'other_customer',
  'not_eligible',
  'customer_limit',
  'wrong_currency',
  'below_minimum',
  'not_applicable',
  'not_stackable',
  'nothing_left',
] as const;
export type CouponRejection = (typeof COUPON_REJECTIONS)[number];

/** A coupon as it is kept, with what is known of its use. */
export interface Coupon {
  code: string;
  poolId: string;
  poolStatus: PoolStatus;
  terms: CouponTerms;
  voided: boolean;
  /** Whose it is; null = anybody's. */
  customerId: string | null;
  maxUses: number;
  /** Uses held by orders under way, and uses made. */
  reserved: number;
  redeemed: number;
  expiresAtMs: number | null;
  /** Uses of the whole pool, held or made, by the customer who asks. */
  usesOfCustomer: number;
}

/** A code as it was asked for, and what was found. */
export interface AskedCode {
  code: string;
  coupon: Coupon | undefined;
  /** Nothing was found, and the check character tells that it was mistyped. */
  mistyped: boolean;
}

export interface AcceptedCode {
  code: string;
  accepted: true;
  discountMinor: number;
  /** Whose how-manieth it was in the order of application, from 1. */
  applied: number;
}

export interface RejectedCode {
  code: string;
  accepted: false;
  reason: CouponRejection;
  /** What would help: the minimum that is missed, the code it can't be combined with. */
  minimumMinor?: number;
  conflictsWith?: string;
}

export type CodeResult = AcceptedCode | RejectedCode;

export interface Applied {
  /** In the order in which the codes were sent. */
  results: CodeResult[];
  discountMinor: number;
  remainingMinor: number;
  /** What was taken off each line. */
  lineDiscountsMinor: number[];
}

type Refusal = Omit<RejectedCode, 'code' | 'accepted'>;

const whyNotNow = (coupon: Coupon, nowMs: number): CouponRejection | undefined => {
  const { terms } = coupon;
  if (coupon.voided || coupon.poolStatus !== 'active') return 'disabled';
  if (terms.startsAt !== null && nowMs < Date.parse(terms.startsAt)) return 'not_started';
  if (terms.endsAt !== null && nowMs >= Date.parse(terms.endsAt)) return 'expired';
  if (coupon.expiresAtMs !== null && nowMs >= coupon.expiresAtMs) return 'expired';
  if (coupon.redeemed >= coupon.maxUses) return 'used_up';
  return coupon.redeemed + coupon.reserved >= coupon.maxUses ? 'reserved' : undefined;
};

const whyNotThisCustomer = (coupon: Coupon, customer: CouponCustomer | null): CouponRejection | undefined => {
  const { audience, perCustomer } = coupon.terms;
  if (customer === null)
    return coupon.customerId !== null || audience || perCustomer !== null ? 'customer_required' : undefined;
  if (coupon.customerId !== null && coupon.customerId !== customer.customerId) return 'other_customer';
  if (!belongsTo(audience, customer)) return 'not_eligible';
  return perCustomer !== null && coupon.usesOfCustomer >= perCustomer ? 'customer_limit' : undefined;
};

/** Of the money that a discount says; undefined = it says none. */
export const currencyOf = (discount: Discount): string | undefined => {
  if (discount.kind === 'fixed') return discount.currency;
  return discount.kind === 'percent' ? discount.atMost?.currency : undefined;
};

const whyNotThisCart = ({ terms }: Coupon, cart: Cart): Refusal | undefined => {
  const { minimum, discount } = terms;
  const currencies = [currencyOf(discount), minimum?.currency];
  if (currencies.some((currency) => currency !== undefined && currency !== cart.currency))
    return { reason: 'wrong_currency' };
  if (minimum && cart.totalMinor < minimum.minor) return { reason: 'below_minimum', minimumMinor: minimum.minor };
  return undefined;
};

const allows = (one: CouponTerms, other: CouponTerms): boolean => {
  const { group, exclusive, with: partners } = one.stacking;
  if (exclusive || (group !== null && group === other.stacking.group)) return false;
  return partners === null || (other.stacking.group !== null && partners.includes(other.stacking.group));
};

/** May the two be used for one cart? Both must allow it. */
export const canStack = (one: CouponTerms, other: CouponTerms): boolean => allows(one, other) && allows(other, one);

/**
 * Makes pieces of the sku free that are not free yet, up to the quantity: each costs its share of what is left of its line.
 * Returns what that came to, or undefined if the sku is not there.
 */
const freePieces = (parts: readonly Part[], sku: string, quantity: number): number | undefined => {
  const own = parts.filter(({ line }) => line?.sku === sku);
  if (own.length === 0) return undefined;
  let pieces = quantity;
  let minor = 0;
  for (const part of own) {
    const free = Math.min(pieces, part.leftPieces);
    const amount = free === 0 ? 0 : mulDivFloor(part.leftMinor, free, part.leftPieces);
    // A piece that costs nothing anyway is not the one that is given.
    if (amount === 0) continue;
    takeOff([part], amount);
    part.leftPieces -= free;
    pieces -= free;
    minor += amount;
  }
  return minor;
};

/** Takes a coupon's discount off what is left. Returns what it came to, or why nothing. */
const discount = (terms: CouponTerms, remains: Remains): number | 'not_applicable' | 'nothing_left' => {
  const parts = eligibleParts(remains, terms.appliesTo);
  const rule = terms.discount;
  if (rule.kind === 'free_product') {
    const amount = freePieces(parts, rule.sku, rule.quantity);
    return amount === undefined ? 'not_applicable' : amount || 'nothing_left';
  }
  if (parts.length === 0) return 'not_applicable';
  const left = leftIn(parts);
  if (left === 0) return 'nothing_left';
  const original = parts.reduce((sum, { originalMinor }) => sum + originalMinor, 0);
  const wanted =
    rule.kind === 'fixed'
      ? rule.minor
      : Math.min(
          mulDivFloor(rule.base === 'original' ? original : left, rule.numerator, rule.denominator),
          rule.atMost?.minor ?? Number.MAX_SAFE_INTEGER,
        );
  const amount = Math.min(wanted, left);
  if (amount === 0) return 'not_applicable';
  takeOff(parts, amount);
  return amount;
};

/** What rejects a code whatever else is sent with it. */
const whyNot = (
  { coupon, mistyped }: AskedCode,
  cart: Cart,
  customer: CouponCustomer | null,
  nowMs: number,
): Refusal | undefined => {
  if (!coupon) return { reason: mistyped ? 'mistyped' : 'not_found' };
  const reason = whyNotNow(coupon, nowMs) ?? whyNotThisCustomer(coupon, customer);
  return reason ? { reason } : whyNotThisCart(coupon, cart);
};

/**
 * Decides on all codes of a cart: each is accepted with its discount or rejected with a reason. Codes are taken in the order
 * of their stacking rule, then as they were sent; one that can't be combined with those accepted before it is rejected. No
 * discount exceeds what is left, so the total never falls below 0.
 */
export const applyCoupons = (
  cart: Cart,
  customer: CouponCustomer | null,
  asked: readonly AskedCode[],
  nowMs: number,
): Applied => {
  const remains = remainsOf(cart);
  const results = new Map<AskedCode, CodeResult>();
  const accepted: Coupon[] = [];
  /** Uses this very cart makes of a pool, beside those made before. */
  const usesHere = new Map<string, number>();
  const seen = new Set<string>();
  const orderOf = ({ coupon }: AskedCode): number => coupon?.terms.stacking.order ?? 0;

  const decide = (each: AskedCode): Refusal | number => {
    const { coupon } = each;
    if (seen.has(each.code)) return { reason: 'duplicate' };
    seen.add(each.code);
    const refusal = whyNot(each, cart, customer, nowMs);
    if (refusal || !coupon) return refusal ?? { reason: 'not_found' };
    const other = accepted.find(({ terms }) => !canStack(terms, coupon.terms));
    if (other) return { reason: 'not_stackable', conflictsWith: other.code };
    const { perCustomer } = coupon.terms;
    const here = usesHere.get(coupon.poolId) ?? 0;
    if (perCustomer !== null && coupon.usesOfCustomer + here >= perCustomer) return { reason: 'customer_limit' };
    const amount = discount(coupon.terms, remains);
    if (typeof amount === 'string') return { reason: amount };
    usesHere.set(coupon.poolId, here + 1);
    accepted.push(coupon);
    return amount;
  };

  for (const each of [...asked].sort((a, b) => orderOf(a) - orderOf(b))) {
    const outcome = decide(each);
    const { code } = each;
    results.set(
      each,
      typeof outcome === 'number'
        ? { code, accepted: true, discountMinor: outcome, applied: accepted.length }
        : { code, accepted: false, ...outcome },
    );
  }
  const remainingMinor = leftIn(remains.parts);
  return {
    results: asked.map((each) => results.get(each) as CodeResult),
    discountMinor: cart.totalMinor - remainingMinor,
    remainingMinor,
    lineDiscountsMinor: remains.parts
      .slice(0, cart.lines.length)
      .map(({ originalMinor, leftMinor }) => originalMinor - leftMinor),
  };
};
