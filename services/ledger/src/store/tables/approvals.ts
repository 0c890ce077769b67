import { sql } from 'drizzle-orm';
import { bigint, bigserial, check, index, jsonb, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { instant, ledgerSchema, oneOf } from './columns.ts';

export const REQUEST_STATUSES = ['pending', 'approved', 'rejected', 'withdrawn', 'expired', 'void'] as const;

/** A correction by hand above the programme's limit, waiting for somebody else's consent. */
export const adjustmentRequest = ledgerSchema.table(
  'adjustment_request',
  {
    id: uuid('id').primaryKey(),
    customerId: text('customer_id').notNull(),
    /** Positive gives, negative takes. */
    points: bigint('points', { mode: 'number' }).notNull(),
    /** Null once its customer was erased. */
    reason: text('reason'),
    /** API key that asks. */
    maker: text('maker').notNull(),
    status: text('status').notNull().default('pending'),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    decidedAt: instant('decided_at'),
    /** API key that decided; `clock` where time did. */
    decidedBy: text('decided_by'),
    decisionReason: text('decision_reason'),
    /** The transfer it became. */
    entryId: uuid('entry_id'),
  },
  (table) => [
    index('adjustment_request_open').on(table.expiresAt).where(sql`${table.status} = 'pending'`),
    index('adjustment_request_customer').on(table.customerId),
    index('adjustment_request_status').on(table.status, table.id),
    uniqueIndex('adjustment_request_entry').on(table.entryId).where(sql`${table.entryId} is not null`),
    check('adjustment_request_points', sql`${table.points} <> 0`),
    check('adjustment_request_status_known', oneOf(table.status, REQUEST_STATUSES)),
    check('adjustment_request_decided', sql`(${table.status} = 'pending') = (${table.decidedAt} is null)`),
    check('adjustment_request_booked', sql`(${table.status} = 'approved') = (${table.entryId} is not null)`),
    /** Two pairs of eyes: nobody decides what they asked for. */
    check(
      'adjustment_request_other_eyes',
      sql`${table.status} not in ('approved', 'rejected') or (${table.decidedBy} is not null and ${table.decidedBy} <> ${table.maker})`,
    ),
  ],
);

/**
 * Who changed what, from what to what: one row per change of the programme, its drafts and of requests for corrections.
 * Never altered, so nothing about a person stands in it: of a correction only its points and its fate.
 */
export const audit = ledgerSchema.table(
  'audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: instant('at').notNull(),
    /** API key, `clock`, or `erasure` where a customer was forgotten. */
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    /** `programme`, `draft/<id>` or `adjustment-request/<id>`. */
    subject: text('subject').notNull(),
    before: jsonb('before'),
    after: jsonb('after'),
  },
  (table) => [index('audit_subject').on(table.subject, table.id)],
);
