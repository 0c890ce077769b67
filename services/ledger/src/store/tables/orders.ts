import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, text, uuid } from 'drizzle-orm/pg-core';
import { counter, instant, ledgerSchema, oneOf, points, weekOf } from './columns.ts';

/** One row per order: what it earned, what of it was refunded, what was taken back. */
export const purchase = ledgerSchema.table(
  'purchase',
  {
    orderId: text('order_id').primaryKey(),
    customerId: text('customer_id').notNull(),
    /** Tells the same order sent again from another order under the same id. */
    contentHash: uuid('content_hash').notNull(),
    occurredAt: instant('occurred_at').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    currency: text('currency').notNull(),
    totalMinor: bigint('total_minor', { mode: 'number' }).notNull(),
    refundedMinor: counter('refunded_minor'),
    /** Per sku: [quantity, amountMinor] and, once refunded, [.., refundedQuantity, refundedMinor]. */
    lines: jsonb('lines').notNull(),
    /** Store, channel and what else was said of the lines, for trying programmes out; see `detailsOf`. Null: nothing. */
    details: text('details'),
    pointsEarned: points('points_earned'),
    pointsTakenBack: counter('points_taken_back'),
    /** The transfer and lot that it earned; of several the first one. */
    earnId: uuid('earn_id'),
    /**
     * When rules made entries: [[ruleId, earnId, points, points due back so far, and of those that rest on lines [[sku,
     * weight], …]], …]; null when the rate alone did.
     */
    awards: jsonb('awards'),
    /** Why it earned nothing. */
    note: text('note'),
    programmeVersion: integer('programme_version'),
  },
  (table) => [
    /**
     * A customer's orders that earned nothing, by the week of recording first, see `weekOf`. Those that earned are found by the
     * entries that they made, see `orderIdsOf`: an index of all cost a tenth of the speed of booking.
     */
    index('purchase_week_customer_unearned')
      .on(weekOf(table.recordedAt), table.customerId, table.occurredAt)
      .where(sql`${table.earnId} is null`),
    /** For replays: rows lie in the order of recording, so a range of blocks holds a range of time; next to no cost to write. */
    index('purchase_recorded').using('brin', table.recordedAt).with({ pages_per_range: 32, autosummarize: true }),
    check('purchase_refunded', sql`${table.refundedMinor} between 0 and ${table.totalMinor}`),
    check('purchase_taken_back', sql`${table.pointsTakenBack} between 0 and ${table.pointsEarned}`),
  ],
);

export const REFUND_STATUSES = ['applied', 'waiting', 'refused', 'void'] as const;

/** One row per refund, also of those that wait for their order and those that matched nothing. */
export const refund = ledgerSchema.table(
  'refund',
  {
    refundId: text('refund_id').primaryKey(),
    customerId: text('customer_id').notNull(),
    contentHash: uuid('content_hash').notNull(),
    orderId: text('order_id'),
    scope: text('scope').notNull(),
    currency: text('currency').notNull(),
    amountMinor: bigint('amount_minor', { mode: 'number' }),
    /** As it came: [[sku, quantity, amountMinor], …]. */
    lines: jsonb('lines'),
    occurredAt: instant('occurred_at').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    status: text('status').notNull(),
    /** Code of the refusal, or why it is void. */
    note: text('note'),
    matchedMinor: counter('matched_minor'),
    /** Money refunded beyond what any purchase had left. */
    unmatchedMinor: counter('unmatched_minor'),
    pointsDue: counter('points_due'),
    pointsTaken: counter('points_taken'),
    /** Of the points that had paid for the orders. */
    pointsGivenBack: counter('points_given_back'),
    /** What it took from which order: [[orderId, amountMinor, pointsDue, pointsTaken, pointsGivenBack where there are], …]. */
    matches: jsonb('matches'),
    /**
     * What it is to take when reservations end that hold it: [[reservationId, …], [orderId, ruleId, earnId, points], …]; null =
     * nothing.
     */
    held: jsonb('held'),
    /**
     * What of it no purchase had, `unmatchedMinor` or `openLines`, is matched with those that come before this; null = it is
     * closed. Of refunds that name no order alone.
     */
    openUntil: instant('open_until'),
    /** Of lines: the pieces that were not found yet, [[sku, quantity, amountMinor], …]. */
    openLines: jsonb('open_lines'),
  },
  (table) => [
    index('refund_waiting').on(table.orderId).where(sql`${table.status} = 'waiting'`),
    index('refund_held').on(table.customerId).where(sql`${table.held} is not null`),
    index('refund_open').on(table.customerId).where(sql`${table.openUntil} is not null`),
    index('refund_customer').on(table.customerId),
    /** Those that were refused, as they are read. */
    index('refund_refused').on(table.recordedAt, table.refundId).where(sql`${table.status} = 'refused'`),
    check('refund_status', oneOf(table.status, REFUND_STATUSES)),
    check('refund_points', sql`${table.pointsTaken} between 0 and ${table.pointsDue}`),
  ],
);

export const RESERVATION_STATUSES = ['held', 'captured', 'released', 'timed_out'] as const;

/** Points held for a payment under way. */
export const reservation = ledgerSchema.table(
  'reservation',
  {
    id: uuid('id').primaryKey(),
    customerId: text('customer_id').notNull(),
    points: points('points'),
    captured: counter('captured'),
    /** Points of it that refunds, or a cancelled reward, gave back. */
    givenBack: counter('given_back'),
    orderId: text('order_id'),
    /** Refunds are to take what it gives back; see `refund.held`. */
    claimed: boolean('claimed').notNull().default(false),
    status: text('status').notNull(),
    actor: text('actor').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    closedAt: instant('closed_at'),
  },
  (table) => [
    index('reservation_due').on(table.expiresAt).where(sql`${table.status} = 'held'`),
    index('reservation_customer').on(table.customerId),
    /** What paid for an order. */
    index('reservation_order').on(table.orderId).where(sql`${table.status} = 'captured'`),
    check('reservation_given_back', sql`${table.givenBack} between 0 and ${table.captured}`),
    check('reservation_status', oneOf(table.status, RESERVATION_STATUSES)),
    check('reservation_points', sql`${table.points} > 0 and ${table.captured} between 0 and ${table.points}`),
  ],
);
