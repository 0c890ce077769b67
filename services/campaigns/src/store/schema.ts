import { busTables } from '@vafa/bus';
import { formerCustomerTable, platformTables } from '@vafa/platform';
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
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

export const campaignsSchema = pgSchema('campaigns');
export const { outbox, consumerFence, deadLetter } = busTables(campaignsSchema);
export const { idempotencyKey } = platformTables(campaignsSchema);

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

export const campaign = campaignsSchema.table(
  'campaign',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    status: text('status').notNull(),
    purpose: text('purpose').notNull(),
    messages: jsonb('messages').notNull(),
    trigger: jsonb('trigger').notNull(),
    frequency: text('frequency').notNull(),
    timeToLive: text('time_to_live').notNull(),
    version: integer('version').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  () => [
    check('campaign_status', sql`status in ('draft', 'active', 'paused', 'stopped')`),
    check('campaign_frequency', sql`frequency in ('once_per_customer', 'every_time')`),
    check('campaign_version', sql`version >= 1`),
  ],
);

/** One row: counts up with every change of any campaign, so that handlers know when what they remember is old. */
export const campaignRevision = campaignsSchema.table(
  'campaign_revision',
  { id: integer('id').primaryKey(), value: bigint('value', { mode: 'number' }).notNull() },
  () => [check('campaign_revision_one_row', sql`id = 1`)],
);

/** What a trigger of a campaign led to for a customer. Its key never expires: one trigger, one entry. */
export const entry = campaignsSchema.table(
  'entry',
  {
    campaignId: text('campaign_id').notNull(),
    customerId: text('customer_id').notNull(),
    triggerKey: text('trigger_key').notNull(),
    status: text('status').notNull(),
    reason: text('reason'),
    once: boolean('once').notNull(),
    campaignVersion: integer('campaign_version').notNull(),
    /** When the trigger happened. */
    triggeredAt: instant('triggered_at').notNull(),
    /** When it was handled. */
    decidedAt: instant('decided_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.campaignId, table.customerId, table.triggerKey] }),
    uniqueIndex('entry_once').on(table.campaignId, table.customerId).where(sql`once and status = 'requested'`),
    index('entry_customer').on(table.customerId),
    check('entry_status', sql`status in ('requested', 'expired', 'skipped')`),
    check('entry_reason', sql`(status = 'requested') = (reason is null)`),
  ],
);

/**
 * Triggers that get no row of their own: a shop's imported past, and repeats of what happens once per customer. One row
 * per customer, up to the latest of them, so that what is told twice counts once.
 */
export const triggerTally = campaignsSchema.table(
  'trigger_tally',
  {
    campaignId: text('campaign_id').notNull(),
    customerId: text('customer_id').notNull(),
    outcome: text('outcome').notNull(),
    reason: text('reason').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
    lastAt: instant('last_at').notNull(),
    lastKey: text('last_key').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.campaignId, table.customerId, table.outcome, table.reason] }),
    index('trigger_tally_customer').on(table.customerId),
  ],
);

/** What became of a campaign's messages, one row per message and status, which is what counts are made by. */
export const messageOutcome = campaignsSchema.table(
  'message_outcome',
  {
    messageId: text('message_id').notNull(),
    status: text('status').notNull(),
    campaignId: text('campaign_id').notNull(),
    customerId: text('customer_id').notNull(),
    triggerKey: text('trigger_key'),
    requestId: text('request_id').notNull(),
    channel: text('channel').notNull(),
    templateId: text('template_id').notNull(),
    reason: text('reason'),
    happenedAt: instant('happened_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.messageId, table.status] }),
    index('message_outcome_customer').on(table.customerId, table.campaignId),
  ],
);

/** Maintained counts. A shard per partition of the topic, so that partitions don't wait for each other; summed on read. */
export const campaignCount = campaignsSchema.table(
  'campaign_count',
  {
    campaignId: text('campaign_id').notNull(),
    outcome: text('outcome').notNull(),
    reason: text('reason').notNull(),
    shard: integer('shard').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.campaignId, table.outcome, table.reason, table.shard] })],
);

/** Whom a scheduled campaign can reach: the lifecycle state of each customer, as segmentation tells it. */
export const audience = campaignsSchema.table(
  'audience',
  {
    customerId: text('customer_id').primaryKey(),
    lifecycle: text('lifecycle').notNull(),
    changedAt: instant('changed_at').notNull(),
  },
  (table) => [index('audience_scan').on(table.customerId, table.lifecycle)],
);

/** A scheduled campaign on its way through the audience; the cursor moves in the transaction that asks for the messages. */
export const broadcast = campaignsSchema.table(
  'broadcast',
  {
    campaignId: text('campaign_id').primaryKey(),
    dueAt: instant('due_at').notNull(),
    status: text('status').notNull(),
    /** Customers up to this id are done. */
    cursor: text('cursor').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('broadcast_due').on(table.dueAt).where(sql`status in ('waiting', 'running')`),
    check('broadcast_status', sql`status in ('waiting', 'running', 'done', 'expired', 'cancelled')`),
  ],
);

export const formerCustomer = formerCustomerTable(campaignsSchema);

/** Who changed what: one row per change of a campaign, never altered. */
export const audit = campaignsSchema.table(
  'audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    campaignId: text('campaign_id').notNull(),
    at: instant('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    before: jsonb('before'),
    after: jsonb('after').notNull(),
  },
  (table) => [index('audit_campaign').on(table.campaignId, table.id)],
);
