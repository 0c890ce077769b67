import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  json,
  jsonb,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { TRANSFER_KINDS } from '../../domain/transfer.ts';
import { counter, instant, ledgerSchema, monthOf, oneOf, points, weekOf } from './columns.ts';

/** How points are earned and lost: a new row for every change, none is ever altered. */
export const programmeVersion = ledgerSchema.table('programme_version', {
  version: integer('version').primaryKey(),
  definition: jsonb('definition').notNull(),
  /** API key that made this version. */
  actor: text('actor').notNull(),
  createdAt: instant('created_at').notNull(),
});

/**
 * The truth: one immutable row per movement of points, with both legs. One leg is an account of `customer_id`: `customer`,
 * or `pending` for points that are not spendable yet; the other is a house account such as `issued/p7`, or, when points are
 * activated, the customer's other one. The id follows from the natural key and begins with the
 * time, so that its index grows at one end. UPDATE and DELETE are refused by a trigger.
 */
export const transfer = ledgerSchema.table(
  'transfer',
  {
    id: uuid('id').primaryKey(),
    customerId: text('customer_id').notNull(),
    /** The how-many-th transfer of the customer, without gaps: order of the statement. */
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
    /** How a rule came to the points, see `Explanation`; null for the rate alone and whatever is not earned. */
    explanation: json('explanation'),
    actor: text('actor'),
    reason: text('reason'),
  },
  (table) => [
    /**
     * A customer's transfers, by the week of recording first: so only the present week's part is written, see `weekOf`. A number
     * given twice within a week is refused; `verify` finds it wherever it is.
     */
    uniqueIndex('transfer_week_customer_seq').on(weekOf(table.recordedAt), table.customerId, table.seq),
    /** For finance: rows lie in the order of recording, so a range of blocks holds a range of time; next to no cost to write. */
    index('transfer_recorded').using('brin', table.recordedAt).with({ pages_per_range: 32, autosummarize: true }),
    check('transfer_amount', sql`${table.amount} > 0`),
    check('transfer_kind', oneOf(table.kind, TRANSFER_KINDS)),
    check(
      'transfer_legs',
      sql`case ${table.kind} when 'activate' then ${table.debit} = 'pending' and ${table.credit} = 'customer'
        else (${table.debit} in ('customer', 'pending')) <> (${table.credit} in ('customer', 'pending')) end`,
    ),
  ],
);

/** One row per customer: the mutex of everything that moves its points, and what the entries add up to. */
export const balance = ledgerSchema.table(
  'balance',
  {
    customerId: text('customer_id').primaryKey(),
    /** Spendable: what is left in the open lots. */
    active: counter('active'),
    /** Earned, not spendable yet: what is left in the pending lots. */
    pending: counter('pending'),
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
    /** What those who were merged into it had earned, spent and lost by expiry; changes with merges alone. */
    formerEarned: counter('former_earned'),
    formerSpent: counter('former_spent'),
    formerExpired: counter('former_expired'),
    /** Transfers so far. */
    seq: counter('seq'),
    /** No open lot expires before this; null = none expires. The due index of the expiry sweep. */
    nextExpiryAt: instant('next_expiry_at'),
    /** No open lot's own expiry is after this, where some expire: which parts of the index of lots are the customer's. */
    lastExpiryAt: instant('last_expiry_at'),
    /** No open lot that was not yet announced as expiring soon expires before this. The due index of the notices. */
    nextUnnoticedAt: instant('next_unnoticed_at'),
    /** No pending lot becomes spendable, or is lost, before this. The due index of the activation sweep. */
    nextActivationAt: instant('next_activation_at'),
    /** Activity keeps lots that slide, and would expire earlier, until then: where points slide, no lot is written for it. */
    slidesUntil: instant('slides_until'),
    /** No refund that is open for later orders is closed before this; null = none is open. The due index of their closing. */
    nextClosingAt: instant('next_closing_at'),
    /** The customer that this one was merged into; its events count for that one. */
    mergedInto: text('merged_into'),
  },
  (table) => [
    index('balance_expiry_due').on(table.nextExpiryAt).where(sql`${table.nextExpiryAt} is not null`),
    index('balance_activation_due').on(table.nextActivationAt).where(sql`${table.nextActivationAt} is not null`),
    index('balance_notice_due').on(table.nextUnnoticedAt).where(sql`${table.nextUnnoticedAt} is not null`),
    /** The few that can't take the set-based way; see `creditAndLock`. */
    index('balance_special')
      .on(table.customerId)
      .where(sql`${table.deficit} > 0 or ${table.mergedInto} is not null or ${table.nextClosingAt} is not null`),
    index('balance_closing_due').on(table.nextClosingAt).where(sql`${table.nextClosingAt} is not null`),
    index('balance_merged_into').on(table.mergedInto).where(sql`${table.mergedInto} is not null`),
    check('balance_active', sql`${table.active} >= 0`),
    check('balance_pending', sql`${table.pending} >= 0`),
    check('balance_reserved', sql`${table.reserved} >= 0`),
    check('balance_deficit', sql`${table.deficit} >= 0 and (${table.deficit} = 0 or ${table.active} = 0)`),
    check(
      'balance_adds_up',
      sql`${table.active} + ${table.pending} + ${table.reserved} - ${table.deficit} = ${table.earned} - ${table.clawedBack} - ${table.spent} - ${table.expired} + ${table.adjusted} + ${table.moved}`,
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
    /** Spendable. */
    remaining: points('remaining'),
    /** Not spendable yet. */
    pending: counter('pending'),
    /** Went into a deficit instead of becoming spendable. */
    absorbed: counter('absorbed'),
    expired: counter('expired'),
    /** The part of `expired` that a refund would have taken back: it is not taken a second time. */
    waived: counter('waived'),
    expiresAt: instant('expires_at'),
    /** Activity may keep it longer (`slides_until`): see `slidesIn`. */
    slides: boolean('slides').notNull().default(true),
    /** Was announced as expiring soon, or came too late for that. */
    noticed: boolean('noticed').notNull().default(false),
    /** While pending: when the points become spendable, or, where they await an interaction, when they are lost. */
    pendingUntil: instant('pending_until'),
    /** Type of the interaction that pending points await. */
    awaits: text('awaits'),
    /** When points that had been pending became spendable: a refund from before it, that comes later, is about pending points. */
    activatedAt: instant('activated_at'),
    /** Tier that the customer had when the points were booked; null = none. */
    tier: text('tier'),
  },
  (table) => [
    /**
     * Open lots in order of spending, by the month of expiry first: so only the part of new lots is written, see `monthOf`. Those
     * of a customer that expire together are one entry, as the id is left out; who reads them sorts them.
     */
    index('lot_open_month')
      .on(monthOf(table.expiresAt), table.customerId, table.expiresAt)
      .where(sql`${table.remaining} > 0`),
    index('lot_pending').on(table.customerId, table.pendingUntil, table.id).where(sql`${table.pending} > 0`),
    /** The few that activity does not keep: looked up beside those that it does. */
    index('lot_fixed').on(table.customerId, table.expiresAt).where(sql`${table.remaining} > 0 and not ${table.slides}`),
    /** The few that paid off what was owed; see finance. */
    index('lot_absorbed').on(table.id).where(sql`${table.absorbed} > 0`),
    check('lot_remaining', sql`${table.remaining} >= 0`),
    check('lot_pending_points', sql`${table.pending} >= 0 and (${table.pending} = 0 or ${table.remaining} = 0)`),
    check(
      'lot_parts',
      sql`${table.remaining} + ${table.pending} + ${table.absorbed} + ${table.expired} <= ${table.granted}`,
    ),
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
