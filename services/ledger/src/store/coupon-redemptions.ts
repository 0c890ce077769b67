import type { Queryable, Tx } from '@vafa/bus';
import { isoOf, msOf, textOf } from './instants.ts';
import type { REDEMPTION_STATUSES } from './tables/coupons.ts';

export type RedemptionStatus = (typeof REDEMPTION_STATUSES)[number];

/** What coupons did for an order. */
export interface CouponRedemption {
  orderId: string;
  attempt: number;
  contentHash: string;
  customerId: string | null;
  status: RedemptionStatus;
  currency: string;
  totalMinor: number;
  discountMinor: number;
  lineDiscounts: number[];
  /** ISO 8601. */
  createdAt: string;
  expiresAtMs: number | null;
}

/** One code of it. */
export interface CouponUse {
  code: string;
  poolId: string;
  applied: number;
  discountMinor: number;
}

const COLUMNS = `order_id as "orderId", attempt, content_hash as "contentHash", customer_id as "customerId", status, currency,
  total_minor as "totalMinor", discount_minor as "discountMinor", line_discounts as "lineDiscounts", created_at as "createdAt",
  ${msOf('expires_at')} as "expiresAtMs"`;

const toRedemption = (row: CouponRedemption): CouponRedemption => ({ ...row, createdAt: isoOf(row.createdAt) });

/** A redemption as it begins. */
export type NewRedemption = Omit<CouponRedemption, 'createdAt' | 'attempt' | 'discountMinor' | 'lineDiscounts'>;

/**
 * Claims an order: inserts its redemption without discounts yet, or waits for who has it and returns false.
 */
export const claimOrder = async (tx: Tx, row: NewRedemption, actor: string, nowIso: string): Promise<boolean> => {
  const inserted = await tx`
    insert into coupon_redemption (order_id, attempt, content_hash, customer_id, status, currency, total_minor, discount_minor,
      line_discounts, actor, created_at, expires_at)
    values (${row.orderId}, 1, ${row.contentHash}, ${row.customerId}, ${row.status}, ${row.currency}, ${row.totalMinor}, 0,
      '[]', ${actor}, ${nowIso}::timestamptz, ${textOf(row.expiresAtMs)}::timestamptz)
    on conflict (order_id) do nothing returning order_id`;
  return inserted.length === 1;
};

/** Begins another attempt for an order whose coupons were given back; its row is locked. */
export const claimOrderAgain = async (
  tx: Tx,
  row: NewRedemption & { attempt: number },
  actor: string,
  nowIso: string,
): Promise<void> => {
  await tx`update coupon_redemption set attempt = ${row.attempt}, content_hash = ${row.contentHash},
    customer_id = ${row.customerId}, status = ${row.status}, currency = ${row.currency}, total_minor = ${row.totalMinor},
    discount_minor = 0, line_discounts = '[]', actor = ${actor}, created_at = ${nowIso}::timestamptz,
    expires_at = ${textOf(row.expiresAtMs)}::timestamptz, closed_at = null
    where order_id = ${row.orderId}`;
};

export const saveDiscounts = async (
  tx: Tx,
  orderId: string,
  discountMinor: number,
  lineDiscounts: readonly number[],
): Promise<void> => {
  await tx`update coupon_redemption set discount_minor = ${discountMinor},
    line_discounts = ${JSON.stringify(lineDiscounts)}::text::jsonb where order_id = ${orderId}`;
};

export const insertUses = async (
  tx: Tx,
  order: { orderId: string; attempt: number; customerId: string | null },
  uses: readonly CouponUse[],
  nowIso: string,
): Promise<void> => {
  await tx`insert into coupon_use (order_id, attempt, code, pool_id, customer_id, applied, discount_minor, live, used_at)
    select ${order.orderId}, ${order.attempt}::integer, code, pool_id, ${order.customerId}, applied, discount_minor, true,
      ${nowIso}::timestamptz
    from unnest(${uses.map(({ code }) => code)}::text[], ${uses.map(({ poolId }) => poolId)}::uuid[],
      ${uses.map(({ applied }) => applied)}::integer[], ${uses.map(({ discountMinor }) => discountMinor)}::bigint[]
    ) as u (code, pool_id, applied, discount_minor)`;
};

export const findRedemption = async (db: Queryable, orderId: string): Promise<CouponRedemption | undefined> => {
  const [row] = await db<
    CouponRedemption[]
  >`select ${db.unsafe(COLUMNS)} from coupon_redemption where order_id = ${orderId}`;
  return row && toRedemption(row);
};

/** Orders come before accounts and coupons in the order of locks. */
export const lockRedemption = async (tx: Tx, orderId: string): Promise<CouponRedemption | undefined> => {
  const [row] = await tx<
    CouponRedemption[]
  >`select ${tx.unsafe(COLUMNS)} from coupon_redemption where order_id = ${orderId} for update`;
  return row && toRedemption(row);
};

/** Uses of an order's last attempt, in the order of application. */
export const findUses = (db: Queryable, orderId: string, attempt: number): Promise<CouponUse[]> =>
  db<CouponUse[]>`select code, pool_id as "poolId", applied, discount_minor as "discountMinor" from coupon_use
    where order_id = ${orderId} and attempt = ${attempt} order by applied`;

/** An order that holds or made use of a code. */
export interface OrderOfCode {
  orderId: string;
  status: RedemptionStatus;
  discountMinor: number;
  expiresAtMs: number | null;
}

/** Orders whose use of a code counts, the newest first, some at most: of a code with a million uses no more are read. */
export const findOrdersOf = (db: Queryable, code: string, limit: number): Promise<OrderOfCode[]> =>
  db<OrderOfCode[]>`select u.order_id as "orderId", r.status, u.discount_minor as "discountMinor",
      ${db.unsafe(msOf('r.expires_at'))} as "expiresAtMs"
    from (
      select order_id, discount_minor, used_at from coupon_use where code = ${code} and live
      order by used_at desc, order_id limit ${limit}
    ) as u join coupon_redemption r using (order_id) order by u.used_at desc, u.order_id`;

/** Writes how a redemption goes on or ends; uses of one that is given back count no longer. */
export const saveStatus = async (
  tx: Tx,
  { orderId, attempt }: Pick<CouponRedemption, 'orderId' | 'attempt'>,
  status: RedemptionStatus,
  nowIso: string,
): Promise<void> => {
  await tx`update coupon_redemption set status = ${status}, closed_at = ${nowIso}::timestamptz where order_id = ${orderId}`;
  if (status === 'released' || status === 'timed_out')
    await tx`update coupon_use set live = false where order_id = ${orderId} and attempt = ${attempt}`;
};

/** Claims a reservation whose time is up; those that somebody works on are passed by. */
export const claimOverdueRedemption = async (tx: Tx, nowIso: string): Promise<CouponRedemption | undefined> => {
  const [row] = await tx<CouponRedemption[]>`select ${tx.unsafe(COLUMNS)} from coupon_redemption
    where status = 'reserved' and expires_at <= ${nowIso}::timestamptz order by expires_at limit 1 for update skip locked`;
  return row && toRedemption(row);
};
