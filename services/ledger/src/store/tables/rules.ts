import { sql } from 'drizzle-orm';
import { check, date, index, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { CAP_PERIODS } from '../../domain/rules/rule.ts';
import { counter, instant, ledgerSchema, oneOf } from './columns.ts';

/** What rules may ask of a customer, beside its tier: the ledger's own copy, so that booking asks no other service. */
export const customerProfile = ledgerSchema.table(
  'customer_profile',
  {
    customerId: text('customer_id').primaryKey(),
    /** Ids of the segments that the customer is in. */
    segments: jsonb('segments').notNull().default([]),
    lifecycle: text('lifecycle'),
    attributes: jsonb('attributes').notNull().default({}),
    birthDate: date('birth_date'),
    /** When what is known was told; what is told of an earlier time comes too late. Null: not told, or by another name. */
    toldAt: instant('told_at'),
    /** Beginning of the next birthday in the programme's zone; the due index of the birthday rules. */
    nextBirthdayAt: instant('next_birthday_at'),
  },
  (table) => [
    index('customer_profile_birthday').on(table.nextBirthdayAt).where(sql`${table.nextBirthdayAt} is not null`),
  ],
);

/** What caps count: the awards of one rule to one customer, or to all (id: an empty text), in one period. Written under its row's lock. */
export const ruleCounter = ledgerSchema.table(
  'rule_counter',
  {
    ruleId: text('rule_id').notNull(),
    customerId: text('customer_id').notNull(),
    per: text('per').notNull(),
    /** First day of the period in the programme's zone and calendar, as a Gregorian date. */
    startsOn: date('starts_on').notNull(),
    points: counter('points'),
    awards: counter('awards'),
  },
  (table) => [
    primaryKey({ columns: [table.ruleId, table.customerId, table.per, table.startsOn] }),
    /** For what is long over; rows lie about in the order of their periods. */
    index('rule_counter_starts').using('brin', table.startsOn).with({ pages_per_range: 32, autosummarize: true }),
    index('rule_counter_customer').on(table.customerId).where(sql`${table.customerId} <> ''`),
    check('rule_counter_per', oneOf(table.per, CAP_PERIODS)),
    check('rule_counter_counts', sql`${table.points} >= 0 and ${table.awards} >= 0`),
  ],
);

/** Awards that no order stands for: each is given once for ever, however often what set it off arrives. */
export const ruleAward = ledgerSchema.table('rule_award', {
  /** Made of the natural key: rule and event, rule and customer and year, or grant. */
  key: uuid('key').primaryKey(),
  /** Of grants: tells the same one sent again from another under its id. */
  contentHash: uuid('content_hash'),
  /** The transfer it was to make; caps may have left nothing of it. */
  transferId: uuid('transfer_id').notNull(),
});

/**
 * Interactions that points may await by the programme in force when they were told: a purchase that comes after one, though it was
 * made before it, is released by it all the same. Rows go some time after they were recorded.
 */
export const awaitedInteraction = ledgerSchema.table(
  'awaited_interaction',
  {
    customerId: text('customer_id').notNull(),
    interactionType: text('interaction_type').notNull(),
    /** To the millisecond. */
    occurredAt: instant('occurred_at').notNull(),
    /** The order that it was about; empty = none in particular. */
    orderId: text('order_id').notNull(),
    recordedAt: instant('recorded_at').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'awaited_interaction_pk',
      columns: [table.customerId, table.interactionType, table.occurredAt, table.orderId],
    }),
    /** For what is to be forgotten; grows at one end. */
    index('awaited_interaction_recorded').on(table.recordedAt),
  ],
);
