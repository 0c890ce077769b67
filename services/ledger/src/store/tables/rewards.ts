import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { REWARD_STATUSES } from '../../domain/rewards/reward.ts';
import { instant, ledgerSchema, oneOf, points } from './columns.ts';

/** What points buy; `audit` has every revision. */
export const reward = ledgerSchema.table(
  'reward',
  {
    id: uuid('id').primaryKey(),
    revision: integer('revision').notNull(),
    status: text('status').notNull(),
    definition: jsonb('definition').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    index('reward_active').on(table.id).where(sql`${table.status} = 'active'`),
    check('reward_status', oneOf(table.status, REWARD_STATUSES)),
    check('reward_revision', sql`${table.revision} > 0`),
  ],
);

/** What is left of a limited reward, in parts, so that claims at the same time don't all wait for one row. */
export const rewardStock = ledgerSchema.table(
  'reward_stock',
  {
    rewardId: uuid('reward_id').notNull(),
    slot: smallint('slot').notNull(),
    remaining: points('remaining'),
  },
  (table) => [
    primaryKey({ columns: [table.rewardId, table.slot] }),
    check('reward_stock_remaining', sql`${table.remaining} >= 0`),
  ],
);

export const CLAIM_STATUSES = ['claimed', 'cancelled'] as const;

/** One row per reward that a customer took, with what paid for it and what came of it. */
export const rewardClaim = ledgerSchema.table(
  'reward_claim',
  {
    id: uuid('id').primaryKey(),
    /** The caller's own name of this claim, or its id: the natural key. */
    reference: text('reference').notNull(),
    rewardId: uuid('reward_id').notNull(),
    /** Revision of the reward that it was claimed under. */
    rewardRevision: integer('reward_revision').notNull(),
    customerId: text('customer_id').notNull(),
    points: points('points'),
    /** Owner of the allocations, and the transfer that spent the points. */
    reservationId: uuid('reservation_id').notNull(),
    entryId: uuid('entry_id').notNull(),
    /** Part of the stock it was taken from; null = the reward is not limited. */
    slot: smallint('slot'),
    couponCode: text('coupon_code'),
    status: text('status').notNull(),
    actor: text('actor').notNull(),
    claimedAt: instant('claimed_at').notNull(),
    cancelledAt: instant('cancelled_at'),
    cancelledBy: text('cancelled_by'),
    cancelReason: text('cancel_reason'),
    /** The transfer that gave the points back. */
    cancelEntryId: uuid('cancel_entry_id'),
  },
  (table) => [
    uniqueIndex('reward_claim_reference').on(table.reference),
    index('reward_claim_customer').on(table.customerId, table.id),
    index('reward_claim_reward').on(table.rewardId, table.customerId).where(sql`${table.status} = 'claimed'`),
    check('reward_claim_status', oneOf(table.status, CLAIM_STATUSES)),
    check('reward_claim_points', sql`${table.points} > 0`),
    check('reward_claim_cancelled', sql`(${table.status} = 'cancelled') = (${table.cancelledAt} is not null)`),
  ],
);

/** Money that a reservation pays, and at what value of points. */
export const pointsPayment = ledgerSchema.table(
  'points_payment',
  {
    reservationId: uuid('reservation_id').primaryKey(),
    currency: text('currency').notNull(),
    amountMinor: bigint('amount_minor', { mode: 'number' }).notNull(),
    /** `per_points` points were worth `value_minor` when it was made. */
    valueMinor: bigint('value_minor', { mode: 'number' }).notNull(),
    perPoints: bigint('per_points', { mode: 'number' }).notNull(),
    /** What was paid in the end; null = not captured by amount. */
    capturedMinor: bigint('captured_minor', { mode: 'number' }),
  },
  (table) => [
    check('points_payment_amount', sql`${table.amountMinor} > 0`),
    check('points_payment_value', sql`${table.valueMinor} > 0 and ${table.perPoints} > 0`),
    check('points_payment_captured', sql`${table.capturedMinor} between 0 and ${table.amountMinor}`),
  ],
);
