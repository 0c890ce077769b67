import { sql } from 'drizzle-orm';
import { bigint, customType, index, integer, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

/** The Postgres log: a broker in a schema of its own, which only the bus's role may touch. */
export const busSchema = pgSchema('bus');

export const logTopic = busSchema.table('log_topic', {
  topic: text('topic').primaryKey(),
  partitions: integer('partitions').notNull(),
});

/** The counter row gives dense offsets: it stays locked until the append commits, so no reader skips a late record. */
export const logPartition = busSchema.table(
  'log_partition',
  {
    topic: text('topic').notNull(),
    partition: integer('partition').notNull(),
    firstOffset: bigint('first_offset', { mode: 'number' }).notNull().default(0),
    nextOffset: bigint('next_offset', { mode: 'number' }).notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.topic, table.partition] })],
);

export const logRecord = busSchema.table(
  'log_record',
  {
    topic: text('topic').notNull(),
    partition: integer('partition').notNull(),
    offset: bigint('record_offset', { mode: 'number' }).notNull(),
    key: text('key').notNull(),
    headers: text('headers').notNull(),
    value: text('value'),
    valueBytes: bytea('value_bytes'),
    appendedAt: instant('appended_at').notNull().default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.topic, table.partition, table.offset] })],
);

/** How far a group has read a partition, and who reads it: a lease with an epoch that each new owner raises. */
export const logCursor = busSchema.table(
  'log_cursor',
  {
    grp: text('grp').notNull(),
    topic: text('topic').notNull(),
    partition: integer('partition').notNull(),
    committed: bigint('committed', { mode: 'number' }).notNull().default(0),
    owner: text('owner'),
    epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
    leaseUntil: instant('lease_until'),
  },
  (table) => [
    primaryKey({ columns: [table.grp, table.topic, table.partition] }),
    index('log_cursor_owner').on(table.owner),
  ],
);

/** Living members of each group, for sharing partitions fairly. */
export const logMember = busSchema.table(
  'log_member',
  {
    grp: text('grp').notNull(),
    member: text('member').notNull(),
    topics: text('topics').array().notNull().default([]),
    aliveUntil: instant('alive_until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.grp, table.member] })],
);
