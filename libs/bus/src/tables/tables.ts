import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  customType,
  index,
  integer,
  type PgSchema,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

/**
 * The bus's tables, kept in each service's own schema, because they change in the same transaction as the effect of an
 * event: the outbox (what leaves), the fence (how far each partition was handled), the dead letters (what failed).
 */
export const busTables = (schema: PgSchema) => ({
  outbox: schema.table('outbox', {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    topic: text('topic').notNull(),
    key: text('key').notNull(),
    headers: text('headers').notNull(),
    value: text('value'),
    valueBytes: bytea('value_bytes'),
    createdAt: instant('created_at').notNull().default(sql`now()`),
  }),
  consumerFence: schema.table(
    'consumer_fence',
    {
      grp: text('grp').notNull(),
      topic: text('topic').notNull(),
      partition: integer('partition').notNull(),
      nextOffset: bigint('next_offset', { mode: 'number' }).notNull(),
      updatedAt: instant('updated_at').notNull().default(sql`now()`),
    },
    (table) => [primaryKey({ columns: [table.grp, table.topic, table.partition] })],
  ),
  deadLetter: schema.table(
    'dead_letter',
    {
      id: bigserial('id', { mode: 'number' }).primaryKey(),
      grp: text('grp').notNull(),
      topic: text('topic').notNull(),
      partition: integer('partition').notNull(),
      offset: bigint('record_offset', { mode: 'number' }).notNull(),
      key: text('key'),
      headers: text('headers').notNull(),
      value: text('value'),
      valueBytes: bytea('value_bytes'),
      eventId: text('event_id'),
      eventType: text('event_type'),
      /** parked: for an operator · waiting: tried again by itself · retried, discarded: done with */
      status: text('status').notNull(),
      errorCode: text('error_code').notNull(),
      errorMessage: text('error_message').notNull(),
      attempts: integer('attempts').notNull(),
      firstSeenAt: instant('first_seen_at').notNull(),
      lastAttemptAt: instant('last_attempt_at').notNull(),
      nextAttemptAt: instant('next_attempt_at'),
    },
    (table) => [
      index('dead_letter_waiting_key').on(table.grp, table.topic, table.key, table.id).where(sql`status = 'waiting'`),
      index('dead_letter_due').on(table.nextAttemptAt).where(sql`status = 'waiting'`),
      // Keys of foreign records may be longer than a B-tree can take.
      index('dead_letter_key').using('hash', table.key),
      index('dead_letter_status').on(table.status, table.id),
    ],
  ),
});
