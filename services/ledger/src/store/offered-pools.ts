import type { Queryable } from '@vafa/bus';
import type { CouponPool } from './coupon-pools.ts';
import { FREE_CODE } from './coupons.ts';
import { isoOfMs } from './instants.ts';

/** A pool that a reward takes its codes from, as one customer finds it. */
export interface OfferedPool extends CouponPool {
  /** Is there a code to give that does not end before it may be used? */
  codeLeft: boolean;
  /** Codes of the pool that the customer used, or holds unused; those that ended or are void are not counted. */
  codesOfCustomer: number;
}

/**
 * Reads these pools for a customer. The code is looked for in the order of the index of free ones, so that expired ones, be
 * they a million, are never read.
 */
export const findOfferedPools = async (
  db: Queryable,
  customerId: string,
  poolIds: readonly string[],
  nowMs: number,
): Promise<Map<string, OfferedPool>> => {
  if (poolIds.length === 0) return new Map();
  const now = isoOfMs(nowMs);
  const rows = await db<OfferedPool[]>`
    select p.id, p.revision, p.status, p.name, p.terms, p.pattern, p.uses_per_code as "usesPerCode",
      p.valid_days as "validDays",
      (select code from coupon where pool_id = p.id and ${db.unsafe(FREE_CODE)} and coalesce(expires_at, 'infinity')
          > greatest(${now}::timestamptz, (p.terms->>'startsAt')::timestamptz)
        order by coalesce(expires_at, 'infinity'), code limit 1) is not null as "codeLeft",
      (select count(*) from coupon_use where live and customer_id = ${customerId} and pool_id = p.id)
        + (select count(*) from coupon where customer_id = ${customerId} and pool_id = p.id and not voided
          and reserved = 0 and redeemed = 0 and coalesce(expires_at, 'infinity') > ${now}::timestamptz)
        as "codesOfCustomer"
    from coupon_pool p where p.id = any(${[...poolIds]}::uuid[])`;
  return new Map(rows.map((pool) => [pool.id, pool]));
};
