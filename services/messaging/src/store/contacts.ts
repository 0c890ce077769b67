import type { Queryable, Tx } from '@vafa/bus';

/** How to reach a customer. Of an erased or merged one all else is null. */
export interface Contact {
  customerId: string;
  phone: string | null;
  email: string | null;
  locale: string | null;
  timeZone: string | null;
  name: string | null;
  erasedAt: string | null;
  mergedInto: string | null;
}

/** What a customer's update says, and when it was said. */
export interface ContactUpdate extends Omit<Contact, 'erasedAt' | 'mergedInto'> {
  at: string;
}

/** Replaces what was known by what is newer; what is older than an erasure stays forgotten. */
export const upsertContacts = async (tx: Tx, updates: readonly ContactUpdate[]): Promise<void> => {
  if (updates.length === 0) return;
  const column = <Key extends keyof ContactUpdate>(key: Key) => updates.map((update) => update[key]);
  await tx`insert into contact (customer_id, phone, email, locale, time_zone, name, updated_at)
    select * from unnest(${column('customerId')}::text[], ${column('phone')}::text[], ${column('email')}::text[],
      ${column('locale')}::text[], ${column('timeZone')}::text[], ${column('name')}::text[], ${column('at')}::timestamptz[])
      as t(customer_id, phone, email, locale, time_zone, name, updated_at) order by customer_id
    on conflict (customer_id) do update set phone = excluded.phone, email = excluded.email, locale = excluded.locale,
      time_zone = excluded.time_zone, name = excluded.name, updated_at = excluded.updated_at, erased_at = null
    where contact.updated_at <= excluded.updated_at and contact.merged_into is null
      and (contact.erased_at is null or contact.erased_at < excluded.updated_at)`;
};

const COLUMNS = `customer_id as "customerId", phone, email, locale, time_zone as "timeZone", name,
  erased_at as "erasedAt", merged_into as "mergedInto"`;

/**
 * Contacts by the id they were asked for under; a merged customer's is that of the one it went into. Until the transaction
 * ends nobody is erased or merged.
 */
export const holdContacts = async (tx: Tx, customerIds: readonly string[]): Promise<Map<string, Contact>> => {
  const rows = await tx<(Contact & { askedId: string })[]>`
    select asked.customer_id as "askedId", c.* from contact asked
    cross join lateral (select ${tx.unsafe(COLUMNS)} from contact
      where customer_id = coalesce(asked.merged_into, asked.customer_id)) c
    where asked.customer_id = any(${[...customerIds]}::text[]) order by asked.customer_id for share of asked`;
  return new Map(rows.map(({ askedId, ...contact }) => [askedId, contact]));
};

/**
 * Forgets a customer as of `at`, whatever the clocks of earlier updates said: the order of the topic is what counts. Only
 * what is said after `at` is taken over again.
 */
export const eraseContact = async (tx: Tx, customerId: string, at: string): Promise<void> => {
  await tx`insert into contact (customer_id, updated_at, erased_at)
    values (${customerId}, ${at}::timestamptz, ${at}::timestamptz)
    on conflict (customer_id) do update set phone = null, email = null, locale = null, time_zone = null, name = null,
      updated_at = excluded.updated_at, erased_at = excluded.erased_at`;
};

/**
 * Lets `from` live on in `into`: its contact moves where the other has none. Returns the id it now stands for, or undefined
 * when there is nothing to do (merged already, or with itself).
 */
export const mergeContact = async (tx: Tx, from: string, into: string, at: string): Promise<string | undefined> => {
  await tx`insert into contact (customer_id, updated_at) select id, '-infinity'::timestamptz from unnest(${[from]}::text[]) as t(id)
    on conflict do nothing`;
  const rows = await tx<{ customerId: string; mergedInto: string | null }[]>`
    select customer_id as "customerId", merged_into as "mergedInto" from contact
    where customer_id = any(${[from, into]}::text[]) order by customer_id for update`;
  const target = rows.find(({ customerId }) => customerId === into)?.mergedInto ?? into;
  const source = rows.find(({ customerId }) => customerId === from);
  if (target === from || source?.mergedInto) return undefined;
  await tx`insert into contact (customer_id, phone, email, locale, time_zone, name, updated_at)
    select ${target}, phone, email, locale, time_zone, name, updated_at from contact
    where customer_id = ${from} and erased_at is null and updated_at > '-infinity'
    on conflict do nothing`;
  await tx`update contact set phone = null, email = null, locale = null, time_zone = null, name = null, erased_at = null,
    merged_into = ${target}, updated_at = ${at}::timestamptz where customer_id = ${from}`;
  await tx`update contact set merged_into = ${target} where merged_into = ${from}`;
  return target;
};

/** When these customers were erased, those who were, in milliseconds since 1970; who was merged into one of them, with her. */
export const findErased = async (tx: Tx, customerIds: readonly string[]): Promise<Map<string, number>> => {
  const rows = await tx<{ customerId: string; at: number }[]>`
    select c.customer_id as "customerId", ceil(extract(epoch from coalesce(c.erased_at, i.erased_at)) * 1000)::bigint as at
    from contact c left join contact i on i.customer_id = c.merged_into
    where c.customer_id = any(${[...customerIds]}::text[]) and coalesce(c.erased_at, i.erased_at) is not null`;
  return new Map(rows.map(({ customerId, at }) => [customerId, at]));
};

/** Customers who have this phone number. */
export const findCustomersByPhone = async (tx: Queryable, phone: string): Promise<string[]> => {
  const rows = await tx<{ customerId: string }[]>`
    select customer_id as "customerId" from contact where phone = ${phone} order by customer_id limit 100`;
  return rows.map(({ customerId }) => customerId);
};
