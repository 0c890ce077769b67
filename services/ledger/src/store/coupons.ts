import type { Queryable, Tx } from '@vafa/bus';
import { plainArray, textArray } from '@vafa/bus';
import type { Coupon } from '../domain/coupons/apply-coupons.ts';
import type { KnownCode } from '../domain/coupons/uploaded-rows.ts';
import { msOf, textOf } from './instants.ts';

/** A coupon with its pool, as it is decided on. */
const COUPON = `c.code, c.pool_id as "poolId", p.status as "poolStatus", p.terms, c.voided, c.customer_id as "customerId",
  c.max_uses as "maxUses", c.reserved, c.redeemed, ${msOf('c.expires_at')} as "expiresAtMs"`;

/** Codes new to the table, all of one pool. Returns how many were new. */
export const insertCodes = async (
  tx: Tx,
  poolId: string,
  maxUses: number,
  codes: readonly string[],
): Promise<number> => {
  // The codes are our own, of letters and digits.
  const rows = await tx`insert into coupon (code, pool_id, max_uses)
    select code, ${poolId}::uuid, ${maxUses}::integer from unnest(${plainArray(codes)}::text[]) as u (code)
    on conflict do nothing`;
  return rows.count;
};

/** A code as it came by upload. */
export interface UploadedCode {
  code: string;
  shown: string | null;
  customerId: string | null;
  expiresAtMs: number | null;
}

/** Inserts uploaded codes; those that are there already are left as they are. Returns the codes that were new. */
export const insertUploaded = async (
  tx: Tx,
  poolId: string,
  maxUses: number,
  rows: readonly UploadedCode[],
): Promise<Set<string>> => {
  const inserted = await tx<{ code: string }[]>`
    insert into coupon (code, pool_id, max_uses, shown, customer_id, expires_at)
    select code, ${poolId}::uuid, ${maxUses}::integer, shown, customer_id, expires_at
    from unnest(
      ${textArray(rows.map(({ code }) => code))}::text[], ${textArray(rows.map(({ shown }) => shown))}::text[],
      ${textArray(rows.map(({ customerId }) => customerId))}::text[],
      ${plainArray(rows.map(({ expiresAtMs }) => textOf(expiresAtMs)))}::timestamptz[]
    ) as u (code, shown, customer_id, expires_at) order by code
    on conflict do nothing returning code`;
  return new Set(inserted.map(({ code }) => code));
};

/** What is kept of codes, and in which pools they are. */
export const findKnownCodes = async (
  db: Queryable,
  codes: readonly string[],
): Promise<Map<string, KnownCode & { poolId: string }>> => {
  const rows = await db<(KnownCode & { code: string; poolId: string })[]>`
    select code, pool_id as "poolId", customer_id as "customerId", ${db.unsafe(msOf('expires_at'))} as "expiresAtMs",
      claim_id is not null as "isGiven"
    from coupon where code = any(${textArray(codes)}::text[])`;
  return new Map(rows.map(({ code, ...known }) => [code, known]));
};

/** A coupon as it is kept, for support and exports. */
export interface KeptCoupon {
  code: string;
  poolId: string;
  shown: string | null;
  customerId: string | null;
  claimId: string | null;
  maxUses: number;
  reserved: number;
  redeemed: number;
  expiresAtMs: number | null;
  voided: boolean;
}

const KEPT = `code, pool_id as "poolId", shown, customer_id as "customerId", claim_id as "claimId", max_uses as "maxUses",
  reserved, redeemed, ${msOf('expires_at')} as "expiresAtMs", voided`;

export const findCoupon = async (db: Queryable, code: string): Promise<KeptCoupon | undefined> => {
  const [row] = await db<KeptCoupon[]>`select ${db.unsafe(KEPT)} from coupon where code = ${code}`;
  return row;
};

export const lockCoupon = async (tx: Tx, code: string): Promise<KeptCoupon | undefined> => {
  const [row] = await tx<KeptCoupon[]>`select ${tx.unsafe(KEPT)} from coupon where code = ${code} for update`;
  return row;
};

export const voidCoupon = async (tx: Tx, code: string): Promise<void> => {
  await tx`update coupon set voided = true where code = ${code}`;
};

/** A page of a pool's codes, in their order. */
export const listCodes = (
  db: Queryable,
  poolId: string,
  page: { afterCode: string; limit: number },
): Promise<KeptCoupon[]> =>
  db<KeptCoupon[]>`select ${db.unsafe(KEPT)} from coupon where pool_id = ${poolId} and code > ${page.afterCode}
    order by code limit ${page.limit}`;

/** Uses by a customer that count, held ones included, by pool. */
export const countUses = async (db: Queryable, customerId: string): Promise<Map<string, number>> => {
  const rows = await db<{ poolId: string; uses: number }[]>`
    select pool_id as "poolId", count(*) as uses from coupon_use
    where live and customer_id = ${customerId} group by pool_id`;
  return new Map(rows.map(({ poolId, uses }) => [poolId, uses]));
};

type FoundCoupon = Omit<Coupon, 'usesOfCustomer'>;

export const findCoupons = (db: Queryable, codes: readonly string[]): Promise<FoundCoupon[]> =>
  db<FoundCoupon[]>`select ${db.unsafe(COUPON)} from coupon c join coupon_pool p on p.id = c.pool_id
    where c.code = any(${textArray(codes)}::text[])`;

/** The same under lock, in the order of codes: nothing is locked after coupons. */
export const lockCoupons = (tx: Tx, codes: readonly string[]): Promise<FoundCoupon[]> =>
  tx<FoundCoupon[]>`select ${tx.unsafe(COUPON)} from coupon c join coupon_pool p on p.id = c.pool_id
    where c.code = any(${textArray(codes)}::text[]) order by c.code for update of c`;

/** Adds to (or takes from) the uses of coupons that are locked. */
export const moveUses = async (
  tx: Tx,
  codes: readonly string[],
  change: { reserved: number; redeemed: number },
): Promise<void> => {
  await tx`update coupon set reserved = reserved + ${change.reserved}, redeemed = redeemed + ${change.redeemed}
    where code = any(${textArray(codes)}::text[])`;
};

/** That a code can be given with a reward, but for its expiry; the index of free ones has just these. */
export const FREE_CODE = 'customer_id is null and not voided and reserved = 0 and redeemed = 0';

/** To whom a code is given, with which claim, and up to when it may be used; null = as long as it may anyway. */
export interface GivenCode {
  customerId: string;
  claimId: string;
  expiresAtMs: number | null;
  /** When the pool lets it be used: one that ends by then is not given. */
  usableFromMs: number;
}

/**
 * Gives a free code of a pool to a customer; null = none is left. Those that end first go first, so that as few as can be
 * go to waste. Codes that others are taking are passed by, and only when no other is left does it wait for them.
 */
export const takeFreeCode = async (
  tx: Tx,
  poolId: string,
  given: GivenCode,
): Promise<{ code: string; shown: string | null } | null> => {
  const first = tx`select code from coupon where pool_id = ${poolId} and ${tx.unsafe(FREE_CODE)}
    and coalesce(expires_at, 'infinity') > ${textOf(given.usableFromMs)}::timestamptz
    order by coalesce(expires_at, 'infinity'), code limit 1 for update`;
  const set = tx`customer_id = ${given.customerId}, claim_id = ${given.claimId},
    expires_at = least(expires_at, ${textOf(given.expiresAtMs)}::timestamptz)`;
  const [quick] = await tx<{ code: string; shown: string | null }[]>`
    update coupon set ${set} where code = (${first} skip locked) returning code, shown`;
  if (quick) return quick;
  const [waited] = await tx<{ code: string; shown: string | null }[]>`
    update coupon set ${set} where code = (${first}) returning code, shown`;
  return waited ?? null;
};

/** What is needed to show codes as people read them. */
export const findDisplays = (
  db: Queryable,
  codes: readonly string[],
): Promise<{ code: string; shown: string | null; pattern: string | null }[]> =>
  db`select c.code, c.shown, p.pattern from coupon c join coupon_pool p on p.id = c.pool_id
    where c.code = any(${textArray(codes)}::text[])`;
