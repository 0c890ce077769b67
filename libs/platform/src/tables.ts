import { index, integer, type PgSchema, text, timestamp } from 'drizzle-orm/pg-core';

/** The platform's tables in each service's own schema: answers kept for repeated writes. */
export const platformTables = (schema: PgSchema) => ({
  idempotencyKey: schema.table(
    'idempotency_key',
    {
      /** API key and Idempotency-Key together: callers don't meet each other's keys. */
      key: text('key').primaryKey(),
      requestHash: text('request_hash').notNull(),
      status: integer('status').notNull(),
      body: text('body').notNull(),
      createdAt: timestamp('created_at', { withTimezone: true, mode: 'string' }).notNull(),
    },
    (table) => [index('idempotency_key_created_at').on(table.createdAt)],
  ),
});
