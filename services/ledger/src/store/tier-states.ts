import type { Queryable, Tx } from '@vafa/bus';
import { plainArray, textArray } from '@vafa/bus';
import { ERASED_PREFIX } from '../domain/plan.ts';
import { nextLookMs, type TierState } from '../domain/tiers/state.ts';
import { msOf, textOf } from './instants.ts';

const COLUMNS = `customer_id as "customerId", tier, ${msOf('since')} as "sinceMs", ${msOf('valid_until')} as "validUntilMs",
  ${msOf('grace_until')} as "graceUntilMs"`;

export interface CustomerTier {
  customerId: string;
  state: TierState;
}

/** States of these customers; those without one are left out. */
export const findTierStates = async (
  db: Queryable,
  customerIds: readonly string[],
): Promise<Map<string, TierState>> => {
  const rows = await db<(TierState & { customerId: string })[]>`
    select ${db.unsafe(COLUMNS)} from tier_state where customer_id = any(${textArray(customerIds)}::text[])`;
  return new Map(rows.map(({ customerId, ...state }) => [customerId, state]));
};

/** Writes states. The caller holds the locks of the customers' balance rows. */
export const saveTierStates = async (tx: Tx, rows: readonly CustomerTier[]): Promise<void> => {
  const instants = (pick: (state: TierState) => number | null): string =>
    plainArray(rows.map(({ state }) => textOf(pick(state))));
  await tx`
    insert into tier_state (customer_id, tier, since, valid_until, grace_until, next_look_at)
    select * from unnest(
      ${textArray(rows.map(({ customerId }) => customerId))}::text[],
      ${textArray(rows.map(({ state }) => state.tier))}::text[], ${instants(({ sinceMs }) => sinceMs)}::timestamptz[],
      ${instants(({ validUntilMs }) => validUntilMs)}::timestamptz[],
      ${instants(({ graceUntilMs }) => graceUntilMs)}::timestamptz[], ${instants(nextLookMs)}::timestamptz[]
    )
    on conflict (customer_id) do update set tier = excluded.tier, since = excluded.since, valid_until = excluded.valid_until,
      grace_until = excluded.grace_until, next_look_at = excluded.next_look_at`;
};

/**
 * Customers whose tier is to be looked at again, the longest due first, with their balance rows locked; those that somebody
 * works on are skipped, so the sweep never waits.
 */
export const claimDueTiers = async (tx: Tx, byIso: string, limit: number): Promise<string[]> => {
  const rows = await tx<{ id: string }[]>`
    select s.customer_id as id from tier_state s join balance b using (customer_id)
    where s.next_look_at <= ${byIso}::timestamptz order by s.next_look_at limit ${limit} for update of b skip locked`;
  return rows.map(({ id }) => id);
};

/** Those of these customers whose tier is to be looked at again by now. */
export const findDueTiers = async (db: Queryable, customerIds: readonly string[], byIso: string): Promise<string[]> => {
  const rows = await db<{ id: string }[]>`
    select c.id from unnest(${textArray(customerIds)}::text[]) as c (id)
    cross join lateral (select next_look_at from tier_state where customer_id = c.id offset 0) as t
    where t.next_look_at <= ${byIso}::timestamptz`;
  return rows.map(({ id }) => id);
};

/**
 * Customers by tier, the most first; null = fell out of the lowest. Who has an account and none of these has the free tier, if
 * there is one. Reads a row per customer.
 */
export const countTiers = (
  db: Queryable,
  freeTier: string | null,
): Promise<{ tier: string | null; customers: number }[]> =>
  db`select coalesce(tier, ${freeTier}) as tier, count(*) as customers from (
      select tier from tier_state
      union all
      select null from balance b where ${freeTier}::text is not null and merged_into is null
        and not starts_with(customer_id, ${ERASED_PREFIX})
        and not exists (select from tier_state t where t.customer_id = b.customer_id)
    ) as c group by 1 order by customers desc, tier`;

export const forgetTierState = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from tier_state where customer_id = ${customerId}`;
};

/** When the earliest look falls due, milliseconds since 1970; null = none does. */
export const findOldestLook = async (db: Queryable): Promise<number | null> => {
  const [row] = await db<
    { ms: number | null }[]
  >`select ${db.unsafe(msOf('min(next_look_at)'))} as ms from ledger.tier_state`;
  return row?.ms ?? null;
};
