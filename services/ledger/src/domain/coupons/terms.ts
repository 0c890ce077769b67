/** `floor(base × numerator ÷ denominator)`: 33⅓ % is 1/3. */
export interface PercentDiscount {
  kind: 'percent';
  numerator: number;
  denominator: number;
  /** remaining: of what earlier coupons left · original: of the cart as it came. */
  base: 'remaining' | 'original';
  /** Not more than this. */
  atMost?: { currency: string; minor: number };
}

export interface FixedDiscount {
  kind: 'fixed';
  currency: string;
  minor: number;
}

/** So many pieces of what lies in the cart cost nothing. */
export interface FreeProduct {
  kind: 'free_product';
  sku: string;
  quantity: number;
}

export type Discount = PercentDiscount | FixedDiscount | FreeProduct;

/** A line must be named by each list that is given. */
export interface LineFilter {
  skus?: string[];
  categories?: string[];
  brands?: string[];
  labels?: string[];
}

/** Who may use it: one of the tiers (if given) and in one of the segments (if given). */
export interface Audience {
  tiers?: string[];
  segments?: string[];
}

export interface Stacking {
  /** Two coupons of one group are never combined; null = of no group. */
  group: string | null;
  /** Combined with nothing. */
  exclusive: boolean;
  /** Groups it may be combined with; null = with all. Both sides must allow it. */
  with: string[] | null;
  /** Lower is applied first, and wins where two can't be combined; then the order in which the codes were sent. */
  order: number;
}

/** What the coupons of a pool give, to whom, when and beside what. */
export interface CouponTerms {
  discount: Discount;
  appliesTo?: LineFilter;
  /** The cart must come to this, before any discount. */
  minimum?: { currency: string; minor: number };
  audience?: Audience;
  /** Uses per customer over all codes of the pool; null = any number. */
  perCustomer: number | null;
  /** ISO 8601. From then on; null = at once. */
  startsAt: string | null;
  /** ISO 8601. Up to, not including; null = for ever. */
  endsAt: string | null;
  stacking: Stacking;
}

/** active: may be used · paused: not now. */
export const POOL_STATUSES = ['active', 'paused'] as const;
export type PoolStatus = (typeof POOL_STATUSES)[number];

/** Who pays, as far as it is known. */
export interface CouponCustomer {
  customerId: string;
  tier: string | null;
  segments: string[];
}

/** Is the customer one of these? Nobody in particular is asked for: everybody is. */
export const belongsTo = (
  audience: Audience | undefined,
  customer: Pick<CouponCustomer, 'tier' | 'segments'>,
): boolean => {
  const { tiers, segments } = audience ?? {};
  if (tiers && (customer.tier === null || !tiers.includes(customer.tier))) return false;
  return !segments || customer.segments.some((segment) => segments.includes(segment));
};
