import { busTables } from '@vafa/bus';
import { platformTables } from '@vafa/platform';
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
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

export const messagingSchema = pgSchema('messaging');
export const { outbox, consumerFence, deadLetter } = busTables(messagingSchema);
export const { idempotencyKey } = platformTables(messagingSchema);

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

export const template = messagingSchema.table(
  'template',
  {
    id: text('id').notNull(),
    channel: text('channel').notNull(),
    locale: text('locale').notNull(),
    purpose: text('purpose'),
    subject: text('subject'),
    body: text('body').notNull(),
    html: text('html'),
    version: integer('version').notNull(),
    updatedAt: instant('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.channel, table.locale] }),
    check('template_channel', sql`channel in ('sms', 'email')`),
    check('template_purpose', sql`purpose in ('otp', 'transactional', 'service', 'promotional')`),
    check('template_parts', sql`(channel = 'email') = (subject is not null) and (channel = 'email' or html is null)`),
  ],
);

/** Who changed what in the administration; never changed or deleted. */
export const adminChange = messagingSchema.table('admin_change', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  at: instant('at').notNull(),
  actor: text('actor').notNull(),
  subject: text('subject').notNull(),
  before: jsonb('before'),
  after: jsonb('after'),
});

/** How to reach a customer; of an erased one only the fact, of a merged one only where it went. */
export const contact = messagingSchema.table(
  'contact',
  {
    customerId: text('customer_id').primaryKey(),
    phone: text('phone'),
    email: text('email'),
    locale: text('locale'),
    timeZone: text('time_zone'),
    name: text('name'),
    updatedAt: instant('updated_at').notNull(),
    erasedAt: instant('erased_at'),
    mergedInto: text('merged_into'),
  },
  (table) => [
    index('contact_phone').on(table.phone).where(sql`phone is not null`),
    index('contact_merged_into').on(table.mergedInto).where(sql`merged_into is not null`),
    check(
      'contact_gone_holds_nothing',
      sql`(erased_at is null and merged_into is null) or coalesce(phone, email, locale, time_zone, name) is null`,
    ),
  ],
);

export const consent = messagingSchema.table(
  'consent',
  {
    customerId: text('customer_id').notNull(),
    channel: text('channel').notNull(),
    purpose: text('purpose').notNull(),
    granted: boolean('granted').notNull(),
    source: text('source').notNull(),
    textVersion: text('text_version'),
    at: instant('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.customerId, table.channel, table.purpose] })],
);

/** Addresses never to be written to, by a name that does not tell the address; `purpose` * means any. */
export const suppressedAddress = messagingSchema.table(
  'suppressed_address',
  {
    channel: text('channel').notNull(),
    addressKey: text('address_key').notNull(),
    purpose: text('purpose').notNull(),
    reason: text('reason').notNull(),
    at: instant('at').notNull(),
    messageId: bigint('message_id', { mode: 'number' }),
  },
  (table) => [primaryKey({ columns: [table.channel, table.addressKey, table.purpose] })],
);

/** One row: the policy in force. None: the settings' defaults. */
export const contactPolicy = messagingSchema.table(
  'contact_policy',
  {
    id: smallint('id').primaryKey(),
    policy: jsonb('policy').notNull(),
    version: integer('version').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  () => [check('contact_policy_one', sql`id = 1`)],
);

/** Circuit and pace of each channel, shared by all processes. */
export const channelState = messagingSchema.table('channel_state', {
  channel: text('channel').primaryKey(),
  pausedUntil: instant('paused_until'),
  pauses: integer('pauses').notNull().default(0),
  reason: text('reason'),
  changedAt: instant('changed_at'),
  /** When the next call may be made, by the database's clock: it paces real calls. */
  nextCallAt: instant('next_call_at'),
});

/** Keys that the settings leave out: made once, the same for all processes. */
export const secret = messagingSchema.table('secret', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});

export const message = messagingSchema.table(
  'message',
  {
    /** Also the local id at Kavenegar, by which an unknown outcome is asked for. */
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    requestId: text('request_id').notNull().unique(),
    customerId: text('customer_id').notNull(),
    channel: text('channel').notNull(),
    purpose: text('purpose').notNull(),
    urgent: boolean('urgent').notNull(),
    templateId: text('template_id').notNull(),
    params: jsonb('params').notNull(),
    cause: jsonb('cause').notNull(),
    traceparent: text('traceparent'),
    requestedAt: instant('requested_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    createdAt: instant('created_at').notNull(),
    state: text('state').notNull(),
    reason: text('reason'),
    /** When the next thing happens to the row: sent, lease given up, provider asked. None: nothing will by itself. */
    dueAt: instant('due_at'),
    /** Claims so far; a result is only booked while this is still the claim it belongs to. */
    attempts: integer('attempts').notNull().default(0),
    unknownTimes: smallint('unknown_times').notNull().default(0),
    attemptedAt: instant('attempted_at'),
    /** When it counts (or will count) against the caps; none when it was not sent. */
    countedAt: instant('counted_at'),
    sentAt: instant('sent_at'),
    address: text('address'),
    locale: text('locale'),
    templateVersion: integer('template_version'),
    subject: text('subject'),
    text: text('text'),
    segments: smallint('segments'),
    costRial: bigint('cost_rial', { mode: 'number' }),
    providerMessageId: text('provider_message_id'),
    providerStatus: smallint('provider_status'),
  },
  (table) => [
    index('message_queued').on(table.channel, table.urgent, table.dueAt, table.id).where(sql`state = 'queued'`),
    index('message_waiting')
      .on(table.state, table.channel, table.dueAt)
      .where(sql`state <> 'queued' and due_at is not null`),
    index('message_customer').on(table.customerId, table.id),
    index('message_counted')
      .on(table.customerId, table.countedAt)
      .where(sql`purpose = 'promotional' and counted_at is not null`),
    index('message_provider').on(table.channel, table.providerMessageId).where(sql`provider_message_id is not null`),
    check('message_channel', sql`channel in ('sms', 'email')`),
    check('message_purpose', sql`purpose in ('otp', 'transactional', 'service', 'promotional')`),
    check(
      'message_state',
      sql`state in ('queued', 'sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed', 'suppressed')`,
    ),
    check('message_reason', sql`state not in ('failed', 'suppressed') or reason is not null`),
    check('message_due', sql`state not in ('queued', 'sending') or due_at is not null`),
  ],
);

/** What happened to a message, in order; only ever added to. */
export const messageEvent = messagingSchema.table(
  'message_event',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    messageId: bigint('message_id', { mode: 'number' })
      .notNull()
      .references(() => message.id),
    at: instant('at').notNull(),
    state: text('state').notNull(),
    detail: text('detail'),
  },
  (table) => [index('message_event_message').on(table.messageId, table.id)],
);
