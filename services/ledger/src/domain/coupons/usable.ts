import { belongsTo, type CouponCustomer, type CouponTerms, type PoolStatus } from './terms.ts';

/** Epoch milliseconds from when on the coupons of a pool may be used: now, or when the pool begins. */
export const usableFromMs = ({ startsAt }: Pick<CouponTerms, 'startsAt'>, nowMs: number): number =>
  startsAt === null ? nowMs : Math.max(nowMs, Date.parse(startsAt));

/**
 * Could the customer use one more code of the pool, at once or when the pool begins? Nobody is to pay for one that nobody
 * would take from them. `codes` = those of the pool that the customer used or still holds unused; `expiresAtMs` = when a
 * code that is given now ends by itself, null = never.
 */
export const couldUse = (
  { status, terms }: { status: PoolStatus; terms: CouponTerms },
  customer: Pick<CouponCustomer, 'tier' | 'segments'> & { codes: number },
  expiresAtMs: number | null,
  nowMs: number,
): boolean => {
  const { audience, perCustomer, endsAt } = terms;
  const fromMs = usableFromMs(terms, nowMs);
  if (status !== 'active' || !belongsTo(audience, customer)) return false;
  if (endsAt !== null && fromMs >= Date.parse(endsAt)) return false;
  if (expiresAtMs !== null && fromMs >= expiresAtMs) return false;
  return perCustomer === null || customer.codes < perCustomer;
};
