import { busTables } from '@vafa/bus';
import { LIFECYCLE_STATES } from '@vafa/contracts';
import { platformTables } from '@vafa/platform';
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

export const segmentationSchema = pgSchema('segmentation');
export const { outbox, consumerFence, deadLetter } = busTables(segmentationSchema);
export const { idempotencyKey } = platformTables(segmentationSchema);

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });
const minor = (name: string) => bigint(name, { mode: 'number' });

/** Four bytes per customer, so that the counts per state are read from a small index. */
export const lifecycleState = segmentationSchema.enum('lifecycle_state', LIFECYCLE_STATES);

/** One row per customer: what their orders amount to and where they stand. A merged record keeps only its way on. */
export const customerMetric = segmentationSchema.table(
  'customer_metric',
  {
    customerId: text('customer_id').primaryKey(),
    mergedInto: text('merged_into'),
    orders: integer('orders').notNull().default(0),
    items: bigint('items', { mode: 'number' }).notNull().default(0),
    firstOrderAt: instant('first_order_at'),
    previousOrderAt: instant('previous_order_at'),
    lastOrderAt: instant('last_order_at'),
    looseRefundAt: instant('loose_refund_at'),
    interactions: bigint('interactions', { mode: 'number' }).notNull().default(0),
    lastInteractionAt: instant('last_interaction_at'),
    state: lifecycleState('state'),
    stateSince: instant('state_since').notNull(),
    stateReason: text('state_reason').notNull(),
    asOf: instant('as_of'),
    settingsVersion: integer('settings_version').notNull(),
    /** What lifecycle_due says, so that it is written only when the instant comes nearer. */
    dueAt: instant('due_at'),
  },
  (table) => [
    index('customer_metric_state').on(table.state, table.customerId).where(sql`state is not null`),
    index('customer_metric_merged_into').on(table.mergedInto).where(sql`merged_into is not null`),
    check('customer_metric_merged', sql`(state is null) = (merged_into is not null)`),
    check('customer_metric_orders', sql`orders >= 0 and items >= 0 and interactions >= 0`),
    check('customer_metric_last_order', sql`(orders = 0) = (last_order_at is null)`),
    check('customer_metric_previous_order', sql`(orders < 2) = (previous_order_at is null)`),
  ],
);

/** When to look at a customer again: never later than silence changes the state, maybe earlier. Narrow, for the sweep. */
export const lifecycleDue = segmentationSchema.table(
  'lifecycle_due',
  { customerId: text('customer_id').primaryKey(), dueAt: instant('due_at').notNull() },
  (table) => [index('lifecycle_due_at').on(table.dueAt)],
);

export const customerSpend = segmentationSchema.table(
  'customer_spend',
  {
    customerId: text('customer_id').notNull(),
    currency: text('currency').notNull(),
    grossMinor: minor('gross_minor').notNull(),
    refundedMinor: minor('refunded_minor').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.customerId, table.currency] }),
    check('customer_spend_amounts', sql`gross_minor >= 0 and refunded_minor >= 0`),
  ],
);

/** One row per order for ever: a purchase counts once. An erased customer's orders stay without customer and content. */
export const purchase = segmentationSchema.table(
  'purchase',
  {
    orderId: text('order_id').primaryKey(),
    customerId: text('customer_id'),
    contentHash: uuid('content_hash').notNull(),
    occurredAt: instant('occurred_at').notNull(),
    currency: text('currency').notNull(),
    totalMinor: minor('total_minor').notNull(),
    refundedMinor: minor('refunded_minor').notNull(),
    /** Given back in full: doesn't count as an order. */
    isVoid: boolean('is_void').notNull(),
    /** [[sku, quantity], …] */
    quantities: jsonb('quantities').notNull(),
  },
  (table) => [
    index('purchase_customer').on(table.customerId, table.occurredAt).where(sql`customer_id is not null`),
    check('purchase_amounts', sql`refunded_minor between 0 and total_minor`),
  ],
);

/** One row per refund for ever. A refund whose order has not arrived waits here. */
export const refund = segmentationSchema.table(
  'refund',
  {
    refundId: text('refund_id').primaryKey(),
    customerId: text('customer_id'),
    contentHash: uuid('content_hash').notNull(),
    occurredAt: instant('occurred_at').notNull(),
    orderId: text('order_id'),
    scope: text('scope').notNull(),
    currency: text('currency').notNull(),
    amountMinor: minor('amount_minor').notNull(),
    /** [[sku, quantity, amountMinor], …] */
    lines: jsonb('lines').notNull(),
    status: text('status').notNull(),
  },
  (table) => [
    index('refund_customer').on(table.customerId, table.occurredAt).where(sql`customer_id is not null`),
    index('refund_waiting').on(table.orderId).where(sql`status = 'waiting' and customer_id is not null`),
    check('refund_scope', sql`scope in ('whole', 'amount', 'lines')`),
    check('refund_status', sql`status in ('applied', 'waiting', 'mismatched')`),
    check('refund_waits_for_order', sql`status = 'applied' or order_id is not null`),
  ],
);

/** Interactions have no key of their own, so the ids of their events are kept for a while. */
export const interactionSeen = segmentationSchema.table(
  'interaction_seen',
  { eventKey: uuid('event_key').primaryKey(), seenAt: instant('seen_at').notNull() },
  (table) => [index('interaction_seen_at').on(table.seenAt)],
);

/** Who was erased when, by a hash of the id: what happened before is not taken up again when it is told late. */
export const erasedCustomer = segmentationSchema.table('erased_customer', {
  customerKey: uuid('customer_key').primaryKey(),
  erasedAt: instant('erased_at').notNull(),
});

/** Every version of the thresholds with who set it: the audit of its changes. No row: the first settings hold. */
export const lifecycleSettings = segmentationSchema.table(
  'lifecycle_settings',
  {
    version: integer('version').primaryKey(),
    atRiskAfterDays: integer('at_risk_after_days').notNull(),
    dormantAfterDays: integer('dormant_after_days').notNull(),
    churnedAfterDays: integer('churned_after_days').notNull(),
    loyalOrders: integer('loyal_orders').notNull(),
    changedBy: text('changed_by').notNull(),
    changedAt: instant('changed_at').notNull(),
    /** Customers up to this id were looked at again after the change. */
    reviewedTo: text('reviewed_to').notNull(),
    reviewedAt: instant('reviewed_at'),
  },
  () => [
    check('lifecycle_settings_version', sql`version >= 1`),
    check(
      'lifecycle_settings_rise',
      sql`0 < at_risk_after_days and at_risk_after_days < dormant_after_days and dormant_after_days < churned_after_days`,
    ),
    check('lifecycle_settings_loyal', sql`loyal_orders >= 2`),
  ],
);
