import { sql } from 'drizzle-orm';
import { bigint, type PgColumn, pgSchema, timestamp } from 'drizzle-orm/pg-core';

export const ledgerSchema = pgSchema('ledger');

export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });
export const points = (name: string) => bigint(name, { mode: 'number' }).notNull();
/** Points or money that begin at 0. */
export const counter = (name: string) => points(name).default(0);
/** The values are our own words, never a caller's. */
export const oneOf = (column: PgColumn, values: readonly string[]) =>
  sql`${column} in (${sql.raw(values.map((value) => `'${value}'`).join(', '))})`;
