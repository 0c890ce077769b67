import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { TRANSFER_KINDS } from '../../domain/transfer.ts';
import { counter, instant, ledgerSchema, oneOf, points } from './columns.ts';

/** How points are earned and lost: a new row for every change, none is ever altered. */
export const programmeVersion = ledgerSchema.table('programme_version', {
  version: integer('version').primaryKey(),
  definition: jsonb('definition').notNull(),
  /** API key that made this version. */
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull(),
});

/**
 * The truth: one immutable row per movement of points, with both legs. One leg is always `customer`, the account of
 * `customer_id`; the other is a house account such as `issued/p7`. The id follows from the natural key and begins with the
 * time, so that its index grows at one end. UPDATE and DELETE are refused by a trigger.
 */
export const transfer = ledgerSchema.table(
  'transfer',
  {
    id: uuid('id').primaryKey(),
    customerId: text('customer_id').notNull(),
    /** The how-many-th transfer of the customer, without gaps: order of the statement, and a lost update is an error. */
    seq: bigint('seq', { mode: 'number' }).notNull(),
    kind: text('kind').notNull(),
    debit: text('debit').notNull(),
    credit: text('credit').notNull(),
    amount: points('amount'),
    /** What the customer's account holds after it: active + reserved - deficit. */
    balanceAfter: points('balance_after'),
    /** When it happened out there; recorded_at is when the ledger learnt of it. */
    occurredAt: instant('occurred_at').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    orderId: text('order_id'),
    refundId: text('refund_id'),
    reservationId: uuid('reservation_id'),
    lotId: uuid('lot_id'),
    /** The transfer this one takes back. */
    reversesId: uuid('reverses_id'),
    /** The other half of a movement between two customers. */
    pairId: uuid('pair_id'),
    ruleId: text('rule_id'),
    ruleVersion: integer('rule_version'),
    actor: text('actor'),
    reason: text('reason'),
  },
  (table) => [
    uniqueIndex('transfer_customer_seq').on(table.customerId, table.seq),
    check('transfer_amount', sql`${table.amount} > 0`),
    check('transfer_kind', oneOf(table.kind, TRANSFER_KINDS)),
    check('transfer_legs', sql`(${table.debit} = 'customer') <> (${table.credit} = 'customer')`),
  ],
);

/** One row per customer: the mutex of everything that moves its points, and what the entries add up to. */
export const balance = ledgerSchema.table(
  'balance',
  {
    customerId: text('customer_id').primaryKey(),
    /** Spendable: what is left in the open lots. */
    active: counter('active'),
    /** Held by open reservations. */
    reserved: counter('reserved'),
    /** Owed after refunds of spent points; the next credits pay it off. */
    deficit: counter('deficit'),
    earned: counter('earned'),
    clawedBack: counter('clawed_back'),
    spent: counter('spent'),
    expired: counter('expired'),
    /** Corrections by hand, signed. */
    adjusted: counter('adjusted'),
    /** Come from or gone to another customer, or forfeited, signed. */
    moved: counter('moved'),
    /** Transfers so far. */
    seq: counter('seq'),
    /** No open lot expires before this; null = none expires. The due index of the expiry sweep. */
    nextExpiryAt: instant('next_expiry_at'),
    /** No open lot that was not yet announced as expiring soon expires before this. The due index of the notices. */
    nextUnnoticedAt: instant('next_unnoticed_at'),
    /** The customer that this one was merged into; its events count for that one. */
    mergedInto: text('merged_into'),
  },
  (table) => [
    index('balance_expiry_due').on(table.nextExpiryAt).where(sql`${table.nextExpiryAt} is not null`),
    index('balance_notice_due').on(table.nextUnnoticedAt).where(sql`${table.nextUnnoticedAt} is not null`),
    /** The few that can't take the set-based way; see `creditAndLock`. */
    index('balance_special').on(table.customerId).where(sql`${table.deficit} > 0 or ${table.mergedInto} is not null`),
    index('balance_merged_into').on(table.mergedInto).where(sql`${table.mergedInto} is not null`),
    check('balance_active', sql`${table.active} >= 0`),
    check('balance_reserved', sql`${table.reserved} >= 0`),
    check('balance_deficit', sql`${table.deficit} >= 0 and (${table.deficit} = 0 or ${table.active} = 0)`),
    check(
      'balance_adds_up',
      sql`${table.active} + ${table.reserved} - ${table.deficit} = ${table.earned} - ${table.clawedBack} - ${table.spent} - ${table.expired} + ${table.adjusted} + ${table.moved}`,
    ),
  ],
);

/** The points of one credit, spent earliest expiry first. Same id as the transfer that brought them. */
export const lot = ledgerSchema.table(
  'lot',
  {
    id: uuid('id').primaryKey(),
    customerId: text('customer_id').notNull(),
    granted: points('granted'),
    remaining: points('remaining'),
    /** Went into a deficit instead of becoming spendable. */
    absorbed: counter('absorbed'),
    expired: counter('expired'),
    /** The part of `expired` that a refund would have taken back: it is not taken a second time. */
    waived: counter('waived'),
    expiresAt: instant('expires_at'),
    /** Was announced as expiring soon, or came too late for that. */
    noticed: boolean('noticed').notNull().default(false),
  },
  (table) => [
    index('lot_open').on(table.customerId, table.expiresAt, table.id).where(sql`${table.remaining} > 0`),
    check('lot_remaining', sql`${table.remaining} >= 0`),
    check('lot_parts', sql`${table.remaining} + ${table.absorbed} + ${table.expired} <= ${table.granted}`),
    check('lot_waived', sql`${table.waived} between 0 and ${table.expired}`),
  ],
);

/** Which lots a reservation, a refund or a correction drew from, and how much went back into them. */
export const allocation = ledgerSchema.table(
  'allocation',
  {
    /** The reservation's id, or the transfer's where there is no reservation. */
    ownerId: uuid('owner_id').notNull(),
    lotId: uuid('lot_id').notNull(),
    points: points('points'),
    returned: counter('returned'),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.lotId] }),
    check('allocation_points', sql`${table.points} > 0`),
    check('allocation_returned', sql`${table.returned} between 0 and ${table.points}`),
  ],
);
