import { sql } from 'drizzle-orm';
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
      /** Whom the answer names; null = nobody. By it the answer is found when she is erased. */
      customerId: text('customer_id'),
    },
    (table) => [
      index('idempotency_key_created_at').on(table.createdAt),
      index('idempotency_key_customer').on(table.customerId).where(sql`${table.customerId} is not null`),
    ],
  ),
});

/**
 * Customers who live on under another id, or were erased, for services that keep things by customer. The key is a hash, so
 * that an erased id is not kept; what happened before the erasure and is told late is recognised by it.
 */
export const formerCustomerTable = (schema: PgSchema) =>
  schema.table(
    'former_customer',
    {
      customerKey: text('customer_key').primaryKey(),
      intoCustomerId: text('into_customer_id'),
      since: timestamp('since', { withTimezone: true, mode: 'string' }).notNull(),
    },
    (table) => [index('former_customer_into').on(table.intoCustomerId).where(sql`into_customer_id is not null`)],
  );
