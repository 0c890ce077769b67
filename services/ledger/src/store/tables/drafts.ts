import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { counter, instant, ledgerSchema, oneOf } from './columns.ts';

export const DRAFT_STATUSES = ['open', 'activated'] as const;

/** A programme in the making: changed, compared, tried out, and one day made a version. */
export const programmeDraft = ledgerSchema.table(
  'programme_draft',
  {
    id: uuid('id').primaryKey(),
    definition: jsonb('definition').notNull(),
    /** The version in force that it was begun from; 0 = there was none. */
    basedOn: integer('based_on').notNull(),
    /** Counts its changes, so that two who change it at once notice each other. */
    revision: integer('revision').notNull().default(1),
    status: text('status').notNull().default('open'),
    activatedVersion: integer('activated_version'),
    /** API key that began it. */
    actor: text('actor').notNull(),
    createdAt: instant('created_at').notNull(),
    changedBy: text('changed_by').notNull(),
    changedAt: instant('changed_at').notNull(),
  },
  (table) => [
    check('programme_draft_status', oneOf(table.status, DRAFT_STATUSES)),
    check('programme_draft_activated', sql`(${table.status} = 'activated') = (${table.activatedVersion} is not null)`),
  ],
);

export const REPLAY_STATUSES = ['queued', 'running', 'done', 'cancelled', 'failed'] as const;

/** A draft tried on the orders of the last days: how far it has come, and what came of it. */
export const programmeReplay = ledgerSchema.table(
  'programme_replay',
  {
    id: uuid('id').primaryKey(),
    draftId: uuid('draft_id').notNull(),
    draftRevision: integer('draft_revision').notNull(),
    /** The draft as it was when the replay was asked for. */
    definition: jsonb('definition').notNull(),
    days: integer('days').notNull(),
    /** Orders of these times, as far as they were kept when the replay was asked for. */
    fromAt: instant('from_at').notNull(),
    untilAt: instant('until_at').notNull(),
    status: text('status').notNull(),
    actor: text('actor').notNull(),
    createdAt: instant('created_at').notNull(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    /** Orders to go through; null until they were laid out. */
    ordersTotal: bigint('orders_total', { mode: 'number' }),
    ordersDone: counter('orders_done'),
    /** Sums so far. */
    tally: jsonb('tally').notNull(),
    error: text('error'),
  },
  (table) => [
    index('programme_replay_open').on(table.id).where(sql`${table.status} in ('queued', 'running')`),
    index('programme_replay_draft').on(table.draftId, table.id),
    check('programme_replay_status', oneOf(table.status, REPLAY_STATUSES)),
    check(
      'programme_replay_finished',
      sql`(${table.status} in ('done', 'cancelled', 'failed')) = (${table.finishedAt} is not null)`,
    ),
  ],
);

/** The orders that a replay has still to go through, customer by customer; each portion goes as it is done. */
export const replayPortion = ledgerSchema.table(
  'replay_portion',
  {
    replayId: uuid('replay_id').notNull(),
    place: integer('place').notNull(),
    orderIds: text('order_ids').array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.replayId, table.place] })],
);
