import { sql } from 'drizzle-orm';
import { bigint, type PgColumn, pgSchema, timestamp } from 'drizzle-orm/pg-core';

export const ledgerSchema = pgSchema('ledger');

export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });
export const points = (name: string) => bigint(name, { mode: 'number' }).notNull();
/** Points or money that begin at 0. */
export const counter = (name: string) => points(name).default(0);
/** SQL of the instant from which weeks are counted: indexes are built on it, so it stays. */
export const WEEKS_BEGIN = "timestamptz '2001-01-01 00:00+00'";
/**
 * The week of an instant. An index that begins with the week of recording is only written in the part of the present week,
 * which stays in memory however large the book is; see `weeks.ts` for who reads it.
 */
export const weekOf = (column: PgColumn) => sql`date_bin('7 days', ${column}, ${sql.raw(WEEKS_BEGIN)})`;
/** SQL of the month, 28 days, of an instant; infinity for never. An index is built on it, so it stays; see `expiry-months.ts`. */
export const monthSql = (instant: string): string =>
  `coalesce(date_bin('28 days', ${instant}, ${WEEKS_BEGIN}), 'infinity')`;
export const monthOf = (column: PgColumn) => sql.raw(monthSql(`"${column.name}"`));
/** The values are our own words, never a caller's. */
export const oneOf = (column: PgColumn, values: readonly string[]) =>
  sql`${column} in (${sql.raw(values.map((value) => `'${value}'`).join(', '))})`;
