import type { Queryable, Tx } from '@vafa/bus';
import { textArray } from '@vafa/bus';
import type { LifecycleState } from '@vafa/contracts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { freeTierOf, type TierStructure } from '../domain/tiers/structure.ts';
import { textOf } from './instants.ts';

const NOTHING_KNOWN: CustomerFacts = { tier: null, segments: [], lifecycle: null, attributes: {} };

/** What is known of everybody, where it is what `findFacts` knows of nobody in particular. */
export const factsOfAnybody = (tiers: Pick<TierStructure, 'levels'> | undefined): CustomerFacts => ({
  ...NOTHING_KNOWN,
  tier: freeTierOf(tiers),
});

/**
 * What rules may ask of these customers, under the tiers of a programme; of whom nothing is known is left out, unless a level
 * is free.
 */
export const findFacts = async (
  db: Queryable,
  customerIds: readonly string[],
  tiers: Pick<TierStructure, 'levels'> | undefined,
): Promise<ReadonlyMap<string, CustomerFacts>> => {
  const rows = await db<(CustomerFacts & { customerId: string })[]>`
    select c.id as "customerId", t.tier, coalesce(p.segments, '[]') as segments, p.lifecycle,
      coalesce(p.attributes, '{}') as attributes
    from unnest(${textArray(customerIds)}::text[]) as c (id)
    left join customer_profile p on p.customer_id = c.id left join tier_state t on t.customer_id = c.id
    where p.customer_id is not null or t.customer_id is not null`;
  const known = new Map(rows.map(({ customerId, ...facts }) => [customerId, facts]));
  const anybody = factsOfAnybody(tiers);
  if (anybody.tier === null) return known;
  return new Map(
    customerIds.map((customerId) => {
      const facts = known.get(customerId) ?? anybody;
      return [customerId, { ...facts, tier: facts.tier ?? anybody.tier }];
    }),
  );
};

/** What `customer.updated` says of a customer, as far as rules may ask it. */
export interface KnownCustomer {
  customerId: string;
  attributes: CustomerFacts['attributes'];
  /** Gregorian, YYYY-MM-DD. */
  birthDate: string | null;
  nextBirthdayMs: number | null;
  /** When it was told, milliseconds since 1970; null = by another name, so that whatever the customer's own name tells replaces it. */
  toldMs: number | null;
}

/**
 * Replaces what was known of customers before, unless that was told later; with the same date of birth a birthday that is due stays
 * due. `replacing` nothing, it is kept of those alone of whom no more than segments are known. Each customer once.
 */
export const saveKnown = async (
  tx: Tx,
  customers: readonly KnownCustomer[],
  replacing: 'anything' | 'nothing' = 'anything',
): Promise<void> => {
  if (customers.length === 0) return;
  await tx`
    insert into customer_profile as p (customer_id, attributes, birth_date, next_birthday_at, told_at)
    select customer_id, attributes::jsonb, birth_date::date, next_birthday_at::timestamptz, told_at::timestamptz
    from unnest(
      ${textArray(customers.map(({ customerId }) => customerId))}::text[],
      ${textArray(customers.map(({ attributes }) => JSON.stringify(attributes)))}::text[],
      ${textArray(customers.map(({ birthDate }) => birthDate))}::text[],
      ${textArray(customers.map(({ nextBirthdayMs }) => textOf(nextBirthdayMs)))}::text[],
      ${textArray(customers.map(({ toldMs }) => textOf(toldMs)))}::text[]
    ) as u (customer_id, attributes, birth_date, next_birthday_at, told_at)
    order by customer_id
    on conflict (customer_id) do update set attributes = excluded.attributes, birth_date = excluded.birth_date,
      told_at = excluded.told_at, next_birthday_at = case when p.birth_date = excluded.birth_date
        then coalesce(p.next_birthday_at, excluded.next_birthday_at) else excluded.next_birthday_at end
    where (p.attributes, p.birth_date, p.told_at) is distinct from (excluded.attributes, excluded.birth_date, excluded.told_at)
      and (p.told_at is null or excluded.told_at is null or p.told_at <= excluded.told_at)
      and (${replacing === 'anything'} or p.attributes = '{}' and p.birth_date is null)`;
};

/** Where a customer stands with the segments. */
export interface Membership {
  customerId: string;
  segments: readonly string[];
  lifecycle: LifecycleState | null;
}

/** Each customer once. */
export const saveMemberships = async (tx: Tx, memberships: readonly Membership[]): Promise<void> => {
  await tx`
    insert into customer_profile (customer_id, segments, lifecycle)
    select customer_id, segments::jsonb, lifecycle
    from unnest(
      ${textArray(memberships.map(({ customerId }) => customerId))}::text[],
      ${textArray(memberships.map(({ segments }) => JSON.stringify(segments)))}::text[],
      ${textArray(memberships.map(({ lifecycle }) => lifecycle))}::text[]
    ) as u (customer_id, segments, lifecycle)
    order by customer_id
    on conflict (customer_id) do update set segments = excluded.segments, lifecycle = excluded.lifecycle`;
};

export interface DueBirthday {
  customerId: string;
  birthDate: string;
}

/** Takes customers in hand whose birthday has begun, the longest due first; those that somebody works on are skipped. */
export const claimBirthdays = (tx: Tx, byIso: string, limit: number): Promise<DueBirthday[]> =>
  tx<DueBirthday[]>`
    select customer_id as "customerId", birth_date::text as "birthDate"
    from customer_profile where next_birthday_at <= ${byIso}::timestamptz
    order by next_birthday_at limit ${limit} for update skip locked`;

export const saveNextBirthdays = async (
  tx: Tx,
  birthdays: readonly { customerId: string; nextBirthdayMs: number | null }[],
): Promise<void> => {
  await tx`
    update customer_profile p set next_birthday_at = u.next_birthday_at::timestamptz
    from unnest(
      ${textArray(birthdays.map(({ customerId }) => customerId))}::text[],
      ${textArray(birthdays.map(({ nextBirthdayMs }) => textOf(nextBirthdayMs)))}::text[]
    ) as u (customer_id, next_birthday_at)
    where p.customer_id = u.customer_id`;
};

/** Locks profiles in the order of their customers; those that don't exist yet are made, with nothing in them. */
export const holdProfiles = async (tx: Tx, customerIds: readonly string[]): Promise<void> => {
  await tx`insert into customer_profile (customer_id)
    select customer_id from unnest(${textArray(customerIds)}::text[]) as u (customer_id) order by customer_id on conflict do nothing`;
  await lockProfiles(tx, customerIds);
};

/** Locks profiles in the order of their customers; those that don't exist are left out. */
export const lockProfiles = async (tx: Tx, customerIds: readonly string[]): Promise<void> => {
  await tx`select from customer_profile where customer_id = any(${textArray(customerIds)}::text[])
    order by customer_id for update`;
};

/**
 * Lets go of what is known of a customer that lives on in another. The other keeps its own; if nothing is known of it yet,
 * it is given this. Where only its segments or its lifecycle are known, it is given what was said of the customer: every shop that
 * tells segments apart knows those of everybody.
 */
export const giveProfile = async (tx: Tx, from: string, into: string): Promise<void> => {
  await lockProfiles(tx, [from, into]);
  await tx`update customer_profile p set attributes = f.attributes, birth_date = f.birth_date,
      next_birthday_at = f.next_birthday_at, told_at = null
    from customer_profile f
    where p.customer_id = ${into} and f.customer_id = ${from} and p.attributes = '{}' and p.birth_date is null`;
  await tx`update customer_profile set customer_id = ${into}, told_at = null where customer_id = ${from}
    and not exists (select from customer_profile where customer_id = ${into})`;
  await tx`delete from customer_profile where customer_id = ${from}`;
};

/**
 * Forgets what is known of a customer, and of those that were merged into it. Its profile is made where there is none: who tells
 * something of it at this moment waits, and finds it forgotten.
 */
export const forgetProfiles = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`insert into customer_profile (customer_id) values (${customerId}) on conflict do nothing`;
  // An array, not `or … in (select …)`: for that every profile of the book is read.
  await tx`delete from customer_profile where customer_id = any(array(
    select ${customerId}::text union all select customer_id from balance where merged_into = ${customerId}
  ))`;
};
