import { busTables } from '@vafa/bus';
import { formerCustomerTable, platformTables } from '@vafa/platform';
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  check,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

export const remindersSchema = pgSchema('reminders');
export const { outbox, consumerFence, deadLetter } = busTables(remindersSchema);
export const { idempotencyKey } = platformTables(remindersSchema);

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

export const definition = remindersSchema.table(
  'definition',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    status: text('status').notNull(),
    kind: text('kind').notNull(),
    category: text('category'),
    afterDays: integer('after_days'),
    timeOfDay: text('time_of_day'),
    messages: jsonb('messages').notNull(),
    purpose: text('purpose').notNull(),
    timeToLive: text('time_to_live').notNull(),
    version: integer('version').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  () => [
    check('definition_status', sql`status in ('active', 'paused', 'stopped')`),
    check('definition_kind', sql`kind in ('replenishment', 'points_expiring')`),
    check(
      'definition_replenishment',
      sql`(kind = 'replenishment') = (category is not null and after_days is not null)`,
    ),
    check('definition_version', sql`version >= 1`),
  ],
);

/** One row: counts up with every change of any definition, so that handlers know when what they remember is old. */
export const definitionRevision = remindersSchema.table(
  'definition_revision',
  { id: integer('id').primaryKey(), value: bigint('value', { mode: 'number' }).notNull() },
  () => [check('definition_revision_one_row', sql`id = 1`)],
);

/** What is due for whom. Its occurrence never expires: one occurrence, one timer. */
export const timer = remindersSchema.table(
  'timer',
  {
    id: text('id').primaryKey(),
    definitionId: text('definition_id').notNull(),
    customerId: text('customer_id').notNull(),
    occurrence: text('occurrence').notNull(),
    dueAt: instant('due_at').notNull(),
    /** Wall-clock time the due instant stands for; read anew when the customer's time zone changes. */
    localDue: text('local_due'),
    notAfter: instant('not_after'),
    status: text('status').notNull(),
    reason: text('reason'),
    /** JSON as text: jsonb would refuse characters that a shop's own fields may hold. */
    params: text('params').notNull(),
    /** JSON: what a single reminder asks for. */
    asking: text('asking'),
    cancelOn: text('cancel_on').array(),
    createdAt: instant('created_at').notNull(),
    settledAt: instant('settled_at'),
  },
  (table) => [
    uniqueIndex('timer_occurrence').on(table.definitionId, table.customerId, table.occurrence),
    // By definition first, so that the timers of a paused one are never in the way of the sweep.
    index('timer_due').on(table.definitionId, table.dueAt).where(sql`status = 'scheduled'`),
    index('timer_customer').on(table.customerId, table.dueAt),
    index('timer_cancellable').on(table.customerId).where(sql`status = 'scheduled' and cancel_on is not null`),
    check('timer_status', sql`status in ('scheduled', 'fired', 'cancelled', 'expired')`),
    check('timer_settled', sql`(status = 'scheduled') = (settled_at is null)`),
    check('timer_reason', sql`(status in ('cancelled', 'expired')) = (reason is not null)`),
  ],
);

/** The newest purchase of each category that a definition waits for: what decides which timer stands. */
export const lastPurchase = remindersSchema.table(
  'last_purchase',
  {
    customerId: text('customer_id').notNull(),
    category: text('category').notNull(),
    orderId: text('order_id').notNull(),
    purchasedAt: instant('purchased_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.customerId, table.category] })],
);

/** Orders that were refunded whole, kept for a while: the refund may be told before the purchase. */
export const refundedOrder = remindersSchema.table(
  'refunded_order',
  {
    orderId: text('order_id').primaryKey(),
    customerId: text('customer_id').notNull(),
    recordedAt: instant('recorded_at').notNull(),
  },
  (table) => [
    index('refunded_order_recorded_at').on(table.recordedAt),
    index('refunded_order_customer').on(table.customerId),
  ],
);

/** Time zones of customers who have told theirs. */
export const customerZone = remindersSchema.table('customer_zone', {
  customerId: text('customer_id').primaryKey(),
  timeZone: text('time_zone').notNull(),
  updatedAt: instant('updated_at').notNull(),
});

/** Maintained counts. A shard per partition, so that partitions don't wait for each other; summed on read. */
export const reminderCount = remindersSchema.table(
  'reminder_count',
  {
    definitionId: text('definition_id').notNull(),
    outcome: text('outcome').notNull(),
    reason: text('reason').notNull(),
    shard: integer('shard').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.definitionId, table.outcome, table.reason, table.shard] })],
);

export const formerCustomer = formerCustomerTable(remindersSchema);

/** Who changed what: one row per change of a definition, never altered. */
export const audit = remindersSchema.table(
  'audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    definitionId: text('definition_id').notNull(),
    at: instant('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    before: jsonb('before'),
    after: jsonb('after').notNull(),
  },
  (table) => [index('audit_definition').on(table.definitionId, table.id)],
);
