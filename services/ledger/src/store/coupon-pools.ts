import type { Queryable, Tx } from '@vafa/bus';
import type { CouponTerms, PoolStatus } from '../domain/coupons/terms.ts';
import { FREE_CODE } from './coupons.ts';
import { isoOf } from './instants.ts';

/** Coupons of one kind. */
export interface CouponPool {
  id: string;
  revision: number;
  status: PoolStatus;
  name: string;
  terms: CouponTerms;
  /** null = its codes are uploaded. */
  pattern: string | null;
  usesPerCode: number;
  validDays: number | null;
}

export interface KeptPool extends CouponPool {
  wanted: number;
  generated: number;
  createdAt: string;
  updatedAt: string;
}

/** What the codes of a pool have come to. */
export interface PoolCounts {
  codes: number;
  /** Neither given to anybody nor used, and not expired. */
  free: number;
  /** Given to somebody or not, they have uses left that nobody can make any more: their end, or the pool's, is past. */
  expired: number;
  voided: number;
  usesReserved: number;
  usesMade: number;
}

const COLUMNS = `id, revision, status, name, terms, pattern, uses_per_code as "usesPerCode", valid_days as "validDays", wanted,
  generated, created_at as "createdAt", updated_at as "updatedAt"`;

const toPool = (row: KeptPool): KeptPool => ({
  ...row,
  createdAt: isoOf(row.createdAt),
  updatedAt: isoOf(row.updatedAt),
});

export const insertPool = async (
  tx: Tx,
  pool: CouponPool,
  shape: { prefix: string; length: number } | null,
  nowIso: string,
): Promise<void> => {
  await tx`insert into coupon_pool (id, revision, status, name, terms, pattern, code_prefix, code_length, uses_per_code,
      valid_days, created_at, updated_at)
    values (${pool.id}, ${pool.revision}, ${pool.status}, ${pool.name}, ${JSON.stringify(pool.terms)}::text::jsonb,
      ${pool.pattern}, ${shape?.prefix ?? null}, ${shape?.length ?? null}, ${pool.usesPerCode}, ${pool.validDays},
      ${nowIso}::timestamptz, ${nowIso}::timestamptz)`;
};

/** Saves what may change of a pool; its pattern and the uses per code never do. */
export const savePool = async (tx: Tx, pool: CouponPool, nowIso: string): Promise<void> => {
  await tx`update coupon_pool set revision = ${pool.revision}, status = ${pool.status}, name = ${pool.name},
    terms = ${JSON.stringify(pool.terms)}::text::jsonb, valid_days = ${pool.validDays}, updated_at = ${nowIso}::timestamptz
    where id = ${pool.id}`;
};

export const findPool = async (db: Queryable, id: string): Promise<KeptPool | undefined> => {
  const [row] = await db<KeptPool[]>`select ${db.unsafe(COLUMNS)} from coupon_pool where id = ${id}`;
  return row && toPool(row);
};

export const lockPool = async (tx: Tx, id: string): Promise<KeptPool | undefined> => {
  const [row] = await tx<KeptPool[]>`select ${tx.unsafe(COLUMNS)} from coupon_pool where id = ${id} for update`;
  return row && toPool(row);
};

/** In the order in which they were made. */
export const listPools = async (db: Queryable, page: { afterId?: string; limit: number }): Promise<KeptPool[]> => {
  const rows = await db<KeptPool[]>`select ${db.unsafe(COLUMNS)} from coupon_pool
    where ${page.afterId ?? null}::uuid is null or id > ${page.afterId ?? null}::uuid order by id limit ${page.limit}`;
  return rows.map(toPool);
};

/** Reads every code of the pool. */
export const countPool = async (db: Queryable, id: string, nowIso: string): Promise<PoolCounts> => {
  const [row] = await db<PoolCounts[]>`
    select count(*) as codes, count(*) filter (where ${db.unsafe(FREE_CODE)} and not past) as free,
      count(*) filter (where past and not voided and reserved + redeemed < max_uses) as expired,
      count(*) filter (where voided) as voided, coalesce(sum(reserved), 0)::bigint as "usesReserved",
      coalesce(sum(redeemed), 0)::bigint as "usesMade"
    from (
      select c.*, least(c.expires_at, (p.terms ->> 'endsAt')::timestamptz, 'infinity') <= ${nowIso}::timestamptz as past
      from coupon c join coupon_pool p on p.id = c.pool_id where c.pool_id = ${id}
    ) as code`;
  return row as PoolCounts;
};

/**
 * Codes ordered so far by all pools of a pattern, however its hyphens stand: they lie among each other. Until the end of the
 * transaction nobody else orders any of the pattern.
 */
export const lockWanted = async (tx: Tx, pattern: string): Promise<number> => {
  const bare = pattern.replaceAll('-', '');
  await tx`select pg_advisory_xact_lock(hashtextextended(${`ledger.coupon_pattern:${bare}`}, 0))`;
  const [row] = await tx<{ wanted: number }[]>`
    select coalesce(sum(wanted), 0)::bigint as wanted from coupon_pool where replace(pattern, '-', '') = ${bare}`;
  return row?.wanted ?? 0;
};

export const wantCodes = async (tx: Tx, id: string, more: number): Promise<void> => {
  await tx`update coupon_pool set wanted = wanted + ${more} where id = ${id}`;
};

/** Claims a pool that lacks codes; one that somebody is generating for is passed by. */
export const claimUnfinishedPool = async (tx: Tx): Promise<KeptPool | undefined> => {
  const [row] = await tx<KeptPool[]>`select ${tx.unsafe(COLUMNS)} from coupon_pool where generated < wanted
    order by id limit 1 for update skip locked`;
  return row;
};

export const addGenerated = async (tx: Tx, id: string, codes: number): Promise<void> => {
  await tx`update coupon_pool set generated = generated + ${codes} where id = ${id}`;
};

/** Patterns of pools whose codes are as long and begin alike, a few at most. */
export const findPatternsLike = async (db: Queryable, code: string): Promise<string[]> => {
  const rows = await db<{ pattern: string }[]>`select distinct pattern from coupon_pool
    where code_length = ${code.length} and left(${code}, length(code_prefix)) = code_prefix limit 20`;
  return rows.map(({ pattern }) => pattern);
};
