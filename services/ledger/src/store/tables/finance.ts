import { sql } from 'drizzle-orm';
import { bigint, check, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { instant, ledgerSchema, points } from './columns.ts';

/**
 * A stretch of time that the books are closed for: entries recorded in it were added up, and none can be added any more.
 * One row per day with entries, in the programme's zone; each begins where the one before it ended. Append-only.
 */
export const financeClose = ledgerSchema.table(
  'finance_close',
  {
    /** Its end, excluded: the start of a day. */
    until: timestamp('until', { withTimezone: true, mode: 'string' }).primaryKey(),
    since: instant('since').notNull(),
    closedAt: instant('closed_at').notNull(),
    /** Whose months the cohorts are. */
    calendar: text('calendar').notNull(),
    timeZone: text('time_zone').notNull(),
    entries: bigint('entries', { mode: 'number' }).notNull(),
    /** Points that customers gained by them, all in all. */
    points: points('points'),
  },
  (table) => [check('finance_close_forward', sql`${table.since} < ${table.until}`)],
);

/** What moved in a closed stretch, added up over all that have the rest in common. Append-only. */
export const financeMovement = ledgerSchema.table(
  'finance_movement',
  {
    until: instant('until').notNull(),
    wallet: text('wallet').notNull(),
    /** Tier in which the points were earned; empty = none. */
    tier: text('tier').notNull(),
    /** Month of issue; empty = points that are owed. */
    cohort: text('cohort').notNull(),
    kind: text('kind').notNull(),
    /** Month in which points were spent; empty for other kinds. */
    happened: text('happened').notNull(),
    points: points('points'),
  },
  (table) => [
    primaryKey({ columns: [table.until, table.wallet, table.tier, table.cohort, table.kind, table.happened] }),
  ],
);

/**
 * Points of a lot that paid off what was owed after the lot was booked: it became spendable, was given back into, or came to
 * somebody who owed. The lot has the sum alone; a day that is closed has what was paid off in it. Append-only but for two at
 * one instant.
 */
export const paidOff = ledgerSchema.table(
  'paid_off',
  {
    lotId: uuid('lot_id').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    points: points('points'),
  },
  (table) => [
    primaryKey({ columns: [table.lotId, table.recordedAt] }),
    check('paid_off_points', sql`${table.points} > 0`),
  ],
);
