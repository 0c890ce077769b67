import type { Queryable } from '@vafa/bus';
import type { LotState as LotParts } from '../domain/lot-at.ts';
import type { TransferKind } from '../domain/transfer.ts';
import { monthOf, monthsBetween } from './expiry-months.ts';
import { isoOfMs, msOf } from './instants.ts';
import { keptUntil, payingOff } from './lots.ts';
import { inAnyWeek } from './weeks.ts';

export const LOT_STATES = ['open', 'pending', 'all'] as const;
export type LotState = (typeof LOT_STATES)[number];

/** A lot as its row has it; `lotAt` tells what holds of it. */
export interface LotRow extends LotParts {
  lotId: string;
  /** What brought it. */
  kind: TransferKind;
  orderId: string | null;
  issuedAtMs: number;
  granted: number;
  /** The lot's own expiry, by which pages go on. */
  expiresAtMs: number | null;
}

/** Where a page ended. */
export interface LotCursor {
  /** When the last lot expires, or stops being pending, milliseconds since 1970; null = never. Not used for all lots. */
  atMs: number | null;
  lotId: string;
}

/** The part of the lots that is asked for. */
export interface LotPageAsked {
  /** Null = the first page. */
  after: LotCursor | null;
  limit: number;
  /** When it is asked: what is open or pending then is told, whether or not the sweeps have been by. */
  now: Temporal.Instant;
}

/** Instant after which a page goes on. */
const afterIso = ({ after }: LotPageAsked): string | null => (after?.atMs == null ? null : isoOfMs(after.atMs));

/** Ids before and after all others: where a page begins is a bound of the index, so that a plan that is kept has one, too. */
const [FIRST_ID, LAST_ID] = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const COLUMNS = `lot.id as "lotId", t.kind, t.order_id as "orderId", ${msOf('t.occurred_at')} as "issuedAtMs", lot.granted,
  lot.remaining, lot.pending, lot.absorbed, lot.expired, ${msOf('lot.expires_at')} as "expiresAtMs",
  ${msOf(keptUntil('lot'))} as "keptUntilMs", ${msOf('lot.pending_until')} as "pendingUntilMs", lot.awaits,
  ${payingOff('lot')} as "payingOff"`;

/** Open lots: earliest expiry first, those that never expire last. Also those that wait only for the sweep to be so. */
export const readOpenLots = (db: Queryable, customerId: string, page: LotPageAsked): Promise<LotRow[]> => {
  const { after } = page;
  const month = db.unsafe(monthOf('lot'));
  const onPage = db`
    (lot.expires_at is null or lot.expires_at > m.now or lot.slides and lot.expired = 0 and m.slides_until > m.now)
    and (
      ${after === null}
      or lot.expires_at > m.at
      or lot.expires_at is not distinct from m.at and lot.id > ${after?.lotId ?? null}::uuid
      or lot.expires_at is null and m.at is not null
    )`;
  return db<LotRow[]>`
    select ${db.unsafe(COLUMNS)} from (
      select ${db.unsafe(monthsBetween('balance', { from: 'at' }))} as months, at, now, slides_until, next_activation_at
      from balance
      cross join (select ${afterIso(page)}::timestamptz as at, ${page.now.toString()}::timestamptz as now) as page
      where customer_id = ${customerId} offset 0
    ) m cross join lateral (
      (select * from lot where ${month} = any(m.months) and lot.customer_id = ${customerId} and lot.remaining > 0 and ${onPage}
        order by ${month}, lot.expires_at, lot.id limit ${page.limit})
      union all
      (select * from lot where m.next_activation_at <= m.now and lot.customer_id = ${customerId} and lot.pending > 0
          and lot.pending_until <= m.now and lot.awaits is null and ${db.unsafe(payingOff('lot'))} < lot.pending and ${onPage}
        order by lot.expires_at, lot.id limit ${page.limit})
    ) lot join transfer t on t.id = lot.id
    order by lot.expires_at, lot.id limit ${page.limit}`;
};

/** Pending lots, as they become spendable. */
export const readPendingLots = (db: Queryable, customerId: string, page: LotPageAsked): Promise<LotRow[]> =>
  db<LotRow[]>`
    select ${db.unsafe(COLUMNS)} from lot join transfer t on t.id = lot.id
    where lot.customer_id = ${customerId} and lot.pending > 0 and lot.pending_until > ${page.now.toString()}::timestamptz
      and (lot.pending_until, lot.id) > (
        ${page.after === null ? '-infinity' : (afterIso(page) ?? 'infinity')}::timestamptz, ${page.after?.lotId ?? FIRST_ID}::uuid)
    order by lot.pending_until, lot.id limit ${page.limit}`;

/**
 * Every lot that a customer ever had, newest first. Found by the transfers that brought them, its own and those of customers
 * merged into it: lots have no index for this, as earning would pay for it.
 */
export const readAllLots = (db: Queryable, customerId: string, page: LotPageAsked): Promise<LotRow[]> =>
  db<LotRow[]>`
    select ${db.unsafe(COLUMNS)} from transfer t join lot on lot.id = t.id
    where ${db.unsafe(inAnyWeek('transfer', 't'))} and t.customer_id = any(array(
        select ${customerId}::text union all select customer_id from balance where merged_into = ${customerId}
      )) and lot.id < ${page.after?.lotId ?? LAST_ID}::uuid
    order by lot.id desc limit ${page.limit}`;
