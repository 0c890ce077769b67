import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { POOL_STATUSES } from '../../domain/coupons/terms.ts';
import { counter, instant, ledgerSchema, oneOf, points } from './columns.ts';

/** Coupons of one kind: what they give, to whom, when and beside what; and how their codes look. */
export const couponPool = ledgerSchema.table(
  'coupon_pool',
  {
    id: uuid('id').primaryKey(),
    revision: integer('revision').notNull(),
    status: text('status').notNull(),
    name: text('name').notNull(),
    terms: jsonb('terms').notNull(),
    /** How codes are generated; null = they are uploaded. */
    pattern: text('pattern'),
    /** Of a generated code: what it begins with and how long it is, to tell a mistyped one from an unknown one. */
    codePrefix: text('code_prefix'),
    codeLength: integer('code_length'),
    /** Uses of each code. */
    usesPerCode: integer('uses_per_code').notNull(),
    /** A code given with a reward may be used up to the end of so many days later; null = as long as the pool. */
    validDays: integer('valid_days'),
    /** Codes that are to be generated, and codes that are. */
    wanted: counter('wanted'),
    generated: counter('generated'),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    index('coupon_pool_generating').on(table.id).where(sql`${table.generated} < ${table.wanted}`),
    index('coupon_pool_shape').on(table.codeLength),
    check('coupon_pool_status', oneOf(table.status, POOL_STATUSES)),
    check('coupon_pool_uses', sql`${table.usesPerCode} > 0`),
    check('coupon_pool_generated', sql`${table.generated} between 0 and ${table.wanted}`),
  ],
);

/** One row per code, which is kept as it is compared: capitals and digits, no hyphens. */
export const coupon = ledgerSchema.table(
  'coupon',
  {
    code: text('code').primaryKey(),
    poolId: uuid('pool_id').notNull(),
    /** As it was uploaded, if that differs; generated codes are shown by their pattern. */
    shown: text('shown'),
    /** Whose it is; null = anybody's who has it. */
    customerId: text('customer_id'),
    /** The claim it was given with. */
    claimId: uuid('claim_id'),
    maxUses: integer('max_uses').notNull(),
    /** Uses held by orders under way, and uses made. */
    reserved: integer('reserved').notNull().default(0),
    redeemed: integer('redeemed').notNull().default(0),
    expiresAt: instant('expires_at'),
    voided: boolean('voided').notNull().default(false),
  },
  (table) => [
    index('coupon_of_pool').on(table.poolId, table.code),
    /** What can still be given with a reward, those that end first before the others: expired ones are passed over at once. */
    index('coupon_free')
      .on(table.poolId, sql`coalesce(${table.expiresAt}, 'infinity')`, table.code)
      .where(
        sql`${table.customerId} is null and not ${table.voided} and ${table.reserved} = 0 and ${table.redeemed} = 0`,
      ),
    index('coupon_customer').on(table.customerId).where(sql`${table.customerId} is not null`),
    check('coupon_code', sql`${table.code} ~ '^[A-Z0-9]{4,32}$'`),
    check(
      'coupon_uses',
      sql`${table.reserved} >= 0 and ${table.redeemed} >= 0 and ${table.reserved} + ${table.redeemed} <= ${table.maxUses}`,
    ),
  ],
);

/** reserved: held for an order under way · redeemed: used · released: given back by hand · timed_out: by the clock. */
export const REDEMPTION_STATUSES = ['reserved', 'redeemed', 'released', 'timed_out'] as const;

/** What coupons did for an order: one row per order, whose id is the natural key. */
export const couponRedemption = ledgerSchema.table(
  'coupon_redemption',
  {
    orderId: text('order_id').primaryKey(),
    /** An order whose coupons were given back may ask anew. */
    attempt: integer('attempt').notNull(),
    /** Tells the same asked again from something else for the same order. */
    contentHash: uuid('content_hash').notNull(),
    customerId: text('customer_id'),
    status: text('status').notNull(),
    currency: text('currency').notNull(),
    totalMinor: bigint('total_minor', { mode: 'number' }).notNull(),
    discountMinor: points('discount_minor'),
    lineDiscounts: jsonb('line_discounts').notNull(),
    actor: text('actor').notNull(),
    createdAt: instant('created_at').notNull(),
    /** When a reservation ends by itself. */
    expiresAt: instant('expires_at'),
    closedAt: instant('closed_at'),
  },
  (table) => [
    index('coupon_redemption_due').on(table.expiresAt).where(sql`${table.status} = 'reserved'`),
    index('coupon_redemption_customer').on(table.customerId).where(sql`${table.customerId} is not null`),
    check('coupon_redemption_status', oneOf(table.status, REDEMPTION_STATUSES)),
    check('coupon_redemption_discount', sql`${table.discountMinor} between 0 and ${table.totalMinor}`),
  ],
);

/** Each code of a redemption; `live` while its use counts. */
export const couponUse = ledgerSchema.table(
  'coupon_use',
  {
    orderId: text('order_id').notNull(),
    attempt: integer('attempt').notNull(),
    code: text('code').notNull(),
    poolId: uuid('pool_id').notNull(),
    customerId: text('customer_id'),
    /** Its place in the order of application, from 1. */
    applied: integer('applied').notNull(),
    discountMinor: points('discount_minor'),
    live: boolean('live').notNull(),
    /** When it was used, or held. */
    usedAt: instant('used_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orderId, table.attempt, table.code] }),
    /** As the orders of a code are told: one that everybody may use has as many as there are orders. */
    index('coupon_use_code').on(table.code, table.usedAt.desc().nullsFirst(), table.orderId).where(sql`${table.live}`),
    index('coupon_use_customer').on(table.customerId, table.poolId).where(sql`${table.customerId} is not null`),
    check('coupon_use_discount', sql`${table.discountMinor} > 0`),
  ],
);

/** Wrong codes of one who types them, in the window that began last. */
export const wrongCode = ledgerSchema.table('wrong_code', {
  /** Hash of a customer's id or an API key's. */
  guesser: uuid('guesser').primaryKey(),
  since: instant('since').notNull(),
  wrong: integer('wrong').notNull(),
});
