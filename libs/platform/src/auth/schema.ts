import { pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

/** API keys are one for the whole house: every service's role may read this table, none may write it. */
export const authSchema = pgSchema('auth');

export const apiKey = authSchema.table('api_key', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  /** SHA-256 of the key: the key itself is shown once and kept nowhere. */
  hash: text('hash').notNull().unique(),
  scopes: text('scopes').array().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'string' }).notNull(),
  revokedAt: timestamp('revoked_at', { withTimezone: true, mode: 'string' }),
});
