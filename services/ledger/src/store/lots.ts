import { plainArray, type Queryable, sparseArray, type Tx, textList } from '@vafa/bus';
import type { Lot } from '../domain/lot.ts';
import { monthOf, monthsBetween } from './expiry-months.ts';
import { msOf, textOf } from './instants.ts';
import { FREE_TIER, HAS_TIERS } from './programmes.ts';

const COLUMNS = `lot.id, lot.customer_id as "customerId", lot.granted, lot.remaining, lot.pending, lot.absorbed, lot.expired, lot.waived,
  ${msOf('lot.expires_at')} as "expiresAtMs", lot.slides, lot.noticed,
  ${msOf('lot.pending_until')} as "pendingUntilMs", lot.awaits,
  ${msOf('lot.activated_at')} as "activatedMs"`;

/**
 * SQL that gives when a lot expires as things stand: activity may have kept what is left in it beyond its own expiry. The
 * alias is ours, never a caller's.
 */
export const keptUntil = (
  lot: string,
): string => `case when ${lot}.expires_at is null or not ${lot}.slides or ${lot}.expired > 0 or ${lot}.remaining + ${lot}.pending = 0
  then ${lot}.expires_at else greatest(${lot}.expires_at,
    (select slides_until from balance where balance.customer_id = ${lot}.customer_id)) end`;

/**
 * SQL that gives what the pending points of a lot will pay off of what is owed, once they are spendable: those that wait only for
 * their time pay it off one after the other. The alias is ours, never a caller's.
 */
export const payingOff = (
  lot: string,
): string => `coalesce((select least(${lot}.pending, greatest(0, balance.deficit - (
    select coalesce(sum(earlier.pending), 0)::bigint from lot earlier
    where earlier.customer_id = ${lot}.customer_id and earlier.pending > 0 and earlier.awaits is null
      and (earlier.pending_until, earlier.id) < (${lot}.pending_until, ${lot}.id)
  ))) from balance
  where ${lot}.pending > 0 and ${lot}.awaits is null and balance.customer_id = ${lot}.customer_id and balance.deficit > 0), 0)`;

export const insertLots = async (tx: Tx, lots: readonly Lot[]): Promise<void> => {
  await tx`
    insert into lot (id, customer_id, granted, remaining, pending, absorbed, expired, waived, expires_at, slides, noticed,
      pending_until, awaits, activated_at, tier)
    select id, customer_id, granted, remaining, pending, absorbed, expired, waived, expires_at, slides, noticed, pending_until,
      awaits, activated_at, case when ${tx.unsafe(HAS_TIERS)} then coalesce(tier, ${tx.unsafe(FREE_TIER)}) end
    from unnest(
      ${plainArray(lots.map(({ id }) => id))}::uuid[], ${textList(
        tx,
        lots.map(({ customerId }) => customerId),
      )},
      ${plainArray(lots.map(({ granted }) => granted))}::bigint[], ${plainArray(lots.map(({ remaining }) => remaining))}::bigint[],
      ${plainArray(lots.map(({ pending }) => pending))}::bigint[], ${plainArray(lots.map(({ absorbed }) => absorbed))}::bigint[],
      ${plainArray(lots.map(({ expired }) => expired))}::bigint[], ${plainArray(lots.map(({ waived }) => waived))}::bigint[],
      ${sparseArray(lots.map(({ expiresAtMs }) => textOf(expiresAtMs)))}::timestamptz[],
      ${plainArray(lots.map(({ slides }) => slides))}::boolean[],
      ${plainArray(lots.map(({ noticed }) => noticed))}::boolean[],
      ${sparseArray(lots.map(({ pendingUntilMs }) => textOf(pendingUntilMs)))}::timestamptz[],
      ${textList(
        tx,
        lots.map(({ awaits }) => awaits),
      )}, ${sparseArray(lots.map(({ activatedMs }) => textOf(activatedMs)))}::timestamptz[]
    ) as u (id, customer_id, granted, remaining, pending, absorbed, expired, waived, expires_at, slides, noticed,
      pending_until, awaits, activated_at)
    left join tier_state using (customer_id)`;
};

/** Keeps when lots that are known paid off what was owed; before they are saved, as it is what they will have more than now. */
export const keepPaidOff = async (tx: Tx, lots: readonly Lot[], recordedAt: string): Promise<void> => {
  await tx`
    insert into paid_off (lot_id, recorded_at, points)
    select lot.id, ${recordedAt}::timestamptz, u.absorbed - lot.absorbed
    from unnest(${plainArray(lots.map(({ id }) => id))}::uuid[], ${plainArray(lots.map(({ absorbed }) => absorbed))}::bigint[])
      as u (id, absorbed)
    join lot using (id) where u.absorbed > lot.absorbed
    on conflict (lot_id, recorded_at) do update set points = paid_off.points + excluded.points`;
};

export const saveLots = async (tx: Tx, lots: readonly Lot[]): Promise<void> => {
  const column = (pick: (lot: Lot) => number): string => plainArray(lots.map(pick));
  await tx`
    update lot set remaining = u.remaining, pending = u.pending, absorbed = u.absorbed, expired = u.expired,
      waived = u.waived, noticed = u.noticed, expires_at = u.expires_at, slides = u.slides, pending_until = u.pending_until, awaits = u.awaits,
      activated_at = u.activated_at
    from unnest(
      ${plainArray(lots.map(({ id }) => id))}::uuid[], ${column((lot) => lot.remaining)}::bigint[],
      ${column((lot) => lot.pending)}::bigint[],
      ${column((lot) => lot.absorbed)}::bigint[], ${column((lot) => lot.expired)}::bigint[],
      ${column((lot) => lot.waived)}::bigint[], ${plainArray(lots.map(({ noticed }) => noticed))}::boolean[],
      ${sparseArray(lots.map(({ expiresAtMs }) => textOf(expiresAtMs)))}::timestamptz[],
      ${plainArray(lots.map(({ slides }) => slides))}::boolean[],
      ${sparseArray(lots.map(({ pendingUntilMs }) => textOf(pendingUntilMs)))}::timestamptz[],
      ${textList(
        tx,
        lots.map(({ awaits }) => awaits),
      )}, ${sparseArray(lots.map(({ activatedMs }) => textOf(activatedMs)))}::timestamptz[]
    ) as u (id, remaining, pending, absorbed, expired, waived, noticed, expires_at, slides, pending_until, awaits, activated_at)
    where lot.id = u.id`;
};

export const findLots = (db: Queryable, ids: readonly string[]): Promise<Lot[]> =>
  db<Lot[]>`select ${db.unsafe(COLUMNS)} from lot where id = any(${plainArray(ids)}::uuid[])`;

/** The lots that reservations drew from. Their ids are a list first: joined, a plan made in a young book reads all lots. */
export const findLotsHeldBy = (db: Queryable, reservationIds: readonly string[]): Promise<Lot[]> =>
  db<Lot[]>`select ${db.unsafe(COLUMNS)} from lot
    where id = any(array(select lot_id from allocation where owner_id = any(${plainArray(reservationIds)}::uuid[])))`;

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
      select ${db.unsafe(COLUMNS)} from unnest(${textList(db, customers)}) as c (id)
      join balance on balance.customer_id = c.id
      cross join lateral (select ${db.unsafe(monthsBetween('balance'))} as months offset 0) m
      cross join lateral (
        (select * from lot where ${db.unsafe(monthOf('lot'))} = any(m.months) and lot.customer_id = c.id and lot.remaining > 0
          and (${after}::timestamptz is null or lot.expires_at is null or lot.expires_at > ${after}::timestamptz
            or lot.slides and lot.expired = 0 and balance.slides_until > ${after}::timestamptz)
        order by ${db.unsafe(monthOf('lot'))}, lot.expires_at, lot.id limit ${limit})
        -- What activity does not keep comes before what it does, though its own expiry may be later.
        union all (select * from lot where balance.slides_until is not null and lot.customer_id = c.id and lot.remaining > 0
          and not lot.slides and (${after}::timestamptz is null or lot.expires_at is null or lot.expires_at > ${after}::timestamptz)
        order by lot.expires_at, lot.id limit ${limit})
      ) as lot`;
    const byCustomer = new Map<string, Map<string, Lot>>(customers.map((id) => [id, new Map()]));
    for (const lot of lots) byCustomer.get(lot.customerId)?.set(lot.id, lot);
    customers = [];
    for (const [customerId, byId] of byCustomer) {
      const own = [...byId.values()];
      const covers = (some: readonly Lot[]): boolean =>
        some.length < limit || some.reduce((sum, { remaining }) => sum + remaining, 0) >= (wanted.get(customerId) ?? 0);
      if (covers(own) && covers(own.filter(({ slides }) => !slides))) found.push(...own);
      else customers.push(customerId);
    }
  }
  return found;
};

/**
 * Open lots of these customers that expire up to an instant, the earliest first, so many per customer at most; without those
 * that the customer's activity keeps beyond it.
 */
export const findLotsExpiringBy = (
  db: Queryable,
  customerIds: readonly string[],
  byMs: number,
  maxPerCustomer: number,
  onlyUnnoticed = false,
): Promise<Lot[]> => {
  const by = textOf(byMs);
  const months = monthsBetween('balance', { to: 'until.at', never: false });
  return db<Lot[]>`
    select ${db.unsafe(COLUMNS)} from unnest(${textList(db, customerIds)}) as c (id)
    join balance on balance.customer_id = c.id
    cross join (select ${by}::timestamptz as at) as until
    cross join lateral (select ${db.unsafe(months)} as months offset 0) m
    cross join lateral (
      select * from lot where ${db.unsafe(monthOf('lot'))} = any(m.months) and lot.customer_id = c.id and lot.remaining > 0
        and lot.expires_at <= until.at
        and (not lot.slides or lot.expired > 0 or balance.slides_until is null or balance.slides_until <= until.at)
        and (not ${onlyUnnoticed} or not lot.noticed or lot.slides and lot.expires_at < balance.slides_until)
      order by ${db.unsafe(monthOf('lot'))}, lot.expires_at, lot.id limit ${maxPerCustomer}
    ) as lot`;
};

/** Pending lots of these customers whose time is up to an instant, the earliest first, so many per customer at most. */
export const findPendingBy = (
  db: Queryable,
  customerIds: readonly string[],
  byMs: number,
  maxPerCustomer: number,
): Promise<Lot[]> =>
  db<Lot[]>`
    select ${db.unsafe(COLUMNS)} from unnest(${textList(db, customerIds)}) as c (id)
    cross join lateral (
      select * from lot where lot.customer_id = c.id and lot.pending > 0 and lot.pending_until <= ${textOf(byMs)}::timestamptz
      order by lot.pending_until, lot.id limit ${maxPerCustomer}
    ) as lot`;

/** Pending lots of these customers that await an interaction, of one of these types if they are given; with their entries. */
export const findAwaiting = (
  db: Queryable,
  customerIds: readonly string[],
  types: readonly string[] | null = null,
): Promise<Lot[]> =>
  db<Lot[]>`
    select ${db.unsafe(COLUMNS)}, t.entry from lot
    cross join lateral (
      select json_build_object('orderId', order_id, 'ruleId', rule_id) as entry from transfer where transfer.id = lot.id offset 0
    ) as t
    where lot.customer_id = any(${textList(db, customerIds)}) and lot.pending > 0
      and ${types === null ? db`lot.awaits is not null` : db`lot.awaits = any(${[...types]}::text[])`}`;

/** Earliest instant after another at which a pending lot of these customers becomes spendable or is lost. */
export const findNextActivations = (
  db: Queryable,
  customerIds: readonly string[],
  afterMs: number,
): Promise<{ customerId: string; nextActivationMs: number | null }[]> =>
  db`
    select c.id as "customerId", (
      select ${db.unsafe(msOf('pending_until'))} from lot
      where customer_id = c.id and pending > 0 and pending_until > ${textOf(afterMs)}::timestamptz
      order by pending_until, id limit 1
    ) as "nextActivationMs"
    from unnest(${textList(db, customerIds)}) as c (id)`;

/** Earliest expiry after an instant among the open lots of customers, and among those not yet announced. */
export const findBoundsAfter = (
  db: Queryable,
  customerIds: readonly string[],
  afterMs: number,
): Promise<{ customerId: string; nextExpiryMs: number | null; nextUnnoticedMs: number | null }[]> => {
  const month = db.unsafe(monthOf('lot'));
  // What activity keeps beyond the instant may have an own expiry of any time.
  const months = monthsBetween('balance', { from: 'since.own', never: false });
  // Where activity keeps some beyond the instant, the others are looked up apart, by an index of their own.
  const earliest = (which: 'any' | 'unnoticed') => db`
    select min(expires_at) as expires_at from (
      (
        select greatest(lot.expires_at, balance.slides_until) as expires_at from lot
        where ${month} = any(m.months) and lot.customer_id = c.id and lot.remaining > 0 and lot.expires_at is not null
          and (since.own is null and lot.slides or lot.expires_at > since.own)
          ${which === 'any' ? db`` : db`and (not lot.noticed or lot.slides and lot.expires_at < balance.slides_until)`}
        order by ${month}, lot.expires_at, lot.id limit 1
      ) union all (
        select lot.expires_at from lot
        where since.own is null and lot.customer_id = c.id and lot.remaining > 0 and not lot.slides
          and (after.at is null or lot.expires_at > after.at) ${which === 'any' ? db`` : db`and not lot.noticed`}
        order by lot.expires_at limit 1
      )
    ) as ends`;
  return db`
    select c.id as "customerId", ${db.unsafe(msOf('any_lot.expires_at'))} as "nextExpiryMs",
      ${db.unsafe(msOf('unnoticed.expires_at'))} as "nextUnnoticedMs"
    from unnest(${textList(db, customerIds)}) as c (id)
    left join balance on balance.customer_id = c.id
    cross join (select ${textOf(afterMs)}::timestamptz as at) as after
    cross join lateral (
      select case when balance.slides_until > after.at then null else after.at end as own
    ) as since
    cross join lateral (select ${db.unsafe(months)} as months offset 0) m
    left join lateral (${earliest('any')}) as any_lot on true
    left join lateral (${earliest('unnoticed')}) as unnoticed on true`;
};
