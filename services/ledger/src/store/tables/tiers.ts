import { sql } from 'drizzle-orm';
import { date, index, integer, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { instant, ledgerSchema, points } from './columns.ts';

/** What counts towards tiers: one row per customer, measure and day of the programme's zone. */
export const qualification = ledgerSchema.table(
  'qualification',
  {
    customerId: text('customer_id').notNull(),
    /** points_earned, orders, or spend and a currency. */
    measure: text('measure').notNull(),
    day: date('day', { mode: 'string' }).notNull(),
    /** Less what was refunded of that day's orders. */
    amount: points('amount'),
  },
  (table) => [
    primaryKey({ columns: [table.customerId, table.measure, table.day] }),
    /** For what is long over; rows lie about in the order of their days, and it costs next to nothing to write. */
    index('qualification_day').using('brin', table.day).with({ pages_per_range: 32, autosummarize: true }),
  ],
);

/** The tier that a customer has; who never had one has no row. */
export const tierState = ledgerSchema.table(
  'tier_state',
  {
    customerId: text('customer_id').primaryKey(),
    /** Id of the level; null = fell out of the lowest. */
    tier: text('tier'),
    since: instant('since').notNull(),
    validUntil: instant('valid_until'),
    /** End of the grace that is running. */
    graceUntil: instant('grace_until'),
    /** When time alone may change it; the due index. */
    nextLookAt: instant('next_look_at'),
  },
  (table) => [index('tier_state_due').on(table.nextLookAt).where(sql`${table.nextLookAt} is not null`)],
);

/** A count of everybody's qualification from the orders, made once when the tiers of the programme are other than before. */
export const tierRecount = ledgerSchema.table('tier_recount', {
  /** The first version of the programme with these tiers. */
  programmeVersion: integer('programme_version').primaryKey(),
  /** Hash of everything that sums and tiers depend on. */
  fingerprint: uuid('fingerprint').notNull(),
  /** Customers up to this one are done. */
  afterCustomer: text('after_customer').notNull().default(''),
  begunAt: instant('begun_at').notNull(),
  doneAt: instant('done_at'),
});
