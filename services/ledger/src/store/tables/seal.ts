import { sql } from 'drizzle-orm';
import { bigint, check, customType, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { instant, ledgerSchema } from './columns.ts';

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/**
 * One row per transaction that booked transfers: their fingerprints, chained to the row before it in the same chain. A chain
 * belongs to a door and a lane, so that no two transactions ever wait for each other's. UPDATE and DELETE are refused by a
 * trigger; `npm run ledger -- verify` recomputes everything.
 */
export const seal = ledgerSchema.table(
  'seal',
  {
    /** Which door the points came through, e.g. `p7`. */
    door: text('door').notNull(),
    /** Tells the chains of transactions apart that run at the same time. */
    lane: smallint('lane').notNull(),
    /** The how-many-th of its chain, from 1, without gaps. */
    seq: bigint('seq', { mode: 'number' }).notNull(),
    /** Hash of the row before; zeros for the first. */
    prevHash: bytes('prev_hash').notNull(),
    /** SHA-256 of the previous hash, the place in the chain and the hash of the sealed text. */
    hash: bytes('hash').notNull(),
    /** The transaction's time, cut to the millisecond. */
    at: instant('at').notNull(),
    /** Ids of the transfers, 16 bytes each, in the order in which they were sealed. An array would cost twice as much to send. */
    ids: bytes('ids').notNull(),
    /** CRC-32 of each one's sealed text, 4 bytes each: says which of them was changed when the hash does not fit. */
    checks: bytes('checks').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.door, table.lane, table.seq] }),
    check('seal_counts', sql`length(${table.ids}) > 0 and length(${table.ids}) = 4 * length(${table.checks})`),
  ],
);
