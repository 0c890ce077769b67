import type { Queryable, Tx } from '@vafa/bus';
import type { Lot } from '../domain/lot.ts';
import { msOf, textOf } from './instants.ts';

const COLUMNS = `lot.id, lot.customer_id as "customerId", lot.granted, lot.remaining, lot.absorbed, lot.expired, lot.waived,
  ${msOf('lot.expires_at')} as "expiresAtMs", lot.noticed`;

/** What a new lot needs; the rest is 0. */
export type NewLot = Pick<Lot, 'id' | 'customerId' | 'granted' | 'remaining' | 'absorbed' | 'expiresAtMs' | 'noticed'>;

// Arrays of booleans go as text: postgres.js takes their first element's type for that of the array.
export const insertLots = async (tx: Tx, lots: readonly NewLot[]): Promise<void> => {
  await tx`
    insert into lot (id, customer_id, granted, remaining, absorbed, expires_at, noticed)
    select id, customer_id, granted, remaining, absorbed, expires_at::timestamptz, noticed::boolean
    from unnest(
      ${lots.map(({ id }) => id)}::uuid[], ${lots.map(({ customerId }) => customerId)}::text[],
      ${lots.map(({ granted }) => granted)}::bigint[], ${lots.map(({ remaining }) => remaining)}::bigint[],
      ${lots.map(({ absorbed }) => absorbed)}::bigint[], ${lots.map(({ expiresAtMs }) => textOf(expiresAtMs))}::text[],
      ${lots.map(({ noticed }) => String(noticed))}::text[]
    ) as u (id, customer_id, granted, remaining, absorbed, expires_at, noticed)`;
};

export const saveLots = async (tx: Tx, lots: readonly Lot[]): Promise<void> => {
  const column = (pick: (lot: Lot) => number): number[] => lots.map(pick);
  await tx`
    update lot set remaining = u.remaining, absorbed = u.absorbed, expired = u.expired, waived = u.waived,
      noticed = u.noticed::boolean
    from unnest(
      ${lots.map(({ id }) => id)}::uuid[], ${column((lot) => lot.remaining)}::bigint[],
      ${column((lot) => lot.absorbed)}::bigint[], ${column((lot) => lot.expired)}::bigint[],
      ${column((lot) => lot.waived)}::bigint[], ${lots.map(({ noticed }) => String(noticed))}::text[]
    ) as u (id, remaining, absorbed, expired, waived, noticed)
    where lot.id = u.id`;
};

export const findLots = (db: Queryable, ids: readonly string[]): Promise<Lot[]> =>
  db<Lot[]>`select ${db.unsafe(COLUMNS)} from lot where id = any(${[...ids]}::uuid[])`;

/** Lots looked at first; doubled as long as they don't cover what is needed. */
const FIRST_LOTS = 64;

/**
 * The open lots that cover the points of each customer, earliest expiry first, or all there are; with `expiringAfterMs` only
 * those that expire later or never. A customer's spent lots are never looked at, however many there are.
 */
export const findOpenLots = async (
  db: Queryable,
  wanted: ReadonlyMap<string, number>,
  expiringAfterMs: number | null = null,
): Promise<Lot[]> => {
  const after = textOf(expiringAfterMs);
  const found: Lot[] = [];
  let customers = [...wanted.keys()];
  for (let limit = FIRST_LOTS; customers.length > 0; limit *= 2) {
    const lots = await db<Lot[]>`
      select ${db.unsafe(COLUMNS)} from unnest(${customers}::text[]) as c (id)
      cross join lateral (
        select * from lot where lot.customer_id = c.id and lot.remaining > 0
          and (${after}::timestamptz is null or lot.expires_at is null or lot.expires_at > ${after}::timestamptz)
        order by lot.expires_at, lot.id limit ${limit}
      ) as lot`;
    const byCustomer = new Map<string, Lot[]>(customers.map((id) => [id, []]));
    for (const lot of lots) byCustomer.get(lot.customerId)?.push(lot);
    customers = [];
    for (const [customerId, own] of byCustomer) {
      const points = own.reduce((sum, { remaining }) => sum + remaining, 0);
      if (own.length < limit || points >= (wanted.get(customerId) ?? 0)) found.push(...own);
      else customers.push(customerId);
    }
  }
  return found;
};

/** Open lots of these customers that expire up to an instant, the earliest first, so many per customer at most. */
export const findLotsExpiringBy = (
  db: Queryable,
  customerIds: readonly string[],
  byMs: number,
  maxPerCustomer: number,
  onlyUnnoticed = false,
): Promise<Lot[]> =>
  db<Lot[]>`
    select ${db.unsafe(COLUMNS)} from unnest(${[...customerIds]}::text[]) as c (id)
    cross join lateral (
      select * from lot where lot.customer_id = c.id and lot.remaining > 0 and lot.expires_at <= ${textOf(byMs)}::timestamptz
        and (not ${onlyUnnoticed} or not lot.noticed)
      order by lot.expires_at, lot.id limit ${maxPerCustomer}
    ) as lot`;

/** Earliest expiry after an instant among the open lots of customers, and among those not yet announced. */
export const findBoundsAfter = (
  db: Queryable,
  customerIds: readonly string[],
  afterMs: number,
): Promise<{ customerId: string; nextExpiryMs: number | null; nextUnnoticedMs: number | null }[]> =>
  db`
    select c.id as "customerId", ${db.unsafe(msOf('any_lot.expires_at'))} as "nextExpiryMs",
      ${db.unsafe(msOf('unnoticed.expires_at'))} as "nextUnnoticedMs"
    from unnest(${[...customerIds]}::text[]) as c (id)
    left join lateral (
      select expires_at from lot
      where customer_id = c.id and remaining > 0 and expires_at > ${textOf(afterMs)}::timestamptz
      order by expires_at, id limit 1
    ) as any_lot on true
    left join lateral (
      select expires_at from lot
      where customer_id = c.id and remaining > 0 and expires_at > ${textOf(afterMs)}::timestamptz and not noticed
      order by expires_at, id limit 1
    ) as unnoticed on true`;
