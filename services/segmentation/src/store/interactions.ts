import type { Tx } from '@vafa/bus';
import { arrayOf, millisOf } from './array-literal.ts';

/** Notes the keys of events; returns those that had not been seen. */
export const noteUnseen = async (tx: Tx, keys: readonly string[], now: Temporal.Instant): Promise<Set<string>> => {
  const rows = await tx<{ key: string }[]>`insert into interaction_seen (event_key, seen_at)
    select key, ${now.toString()}::timestamptz from unnest(${arrayOf(keys)}::text::uuid[]) as v (key) order by key
    on conflict do nothing returning event_key as key`;
  return new Set(rows.map(({ key }) => key));
};

export interface InteractionCount {
  customerId: string;
  count: number;
  lastAt: Temporal.Instant;
}

/** Adds to the counts of customers, whose rows must be locked. */
export const addInteractions = async (tx: Tx, counts: readonly InteractionCount[]): Promise<void> => {
  if (counts.length === 0) return;
  const customerIds = counts.map(({ customerId }) => customerId);
  await tx`update customer_metric c set interactions = c.interactions + v.count,
      last_interaction_at = greatest(c.last_interaction_at, to_timestamp(v.last_at / 1000::float8))
    from unnest(
      ${customerIds}::text[], ${arrayOf(counts.map(({ count }) => count))}::text::bigint[],
      ${millisOf(counts.map(({ lastAt }) => lastAt))}::text::bigint[]
    ) as v (customer_id, count, last_at) where c.customer_id = v.customer_id and c.customer_id = any(${customerIds}::text[])`;
};

/** Adds one customer's interactions to another's; both rows must be locked. */
export const moveInteractions = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update customer_metric c set interactions = c.interactions + old.interactions,
      last_interaction_at = greatest(c.last_interaction_at, old.last_interaction_at)
    from customer_metric old where old.customer_id = ${from} and c.customer_id = ${into}`;
};

/** Forgets keys of events seen before `limit`, oldest first. Returns how many. */
export const forgetSeen = async (tx: Tx, limit: Temporal.Instant, portion: number): Promise<number> => {
  const rows = await tx`delete from interaction_seen where event_key in (select event_key from interaction_seen
    where seen_at < ${limit.toString()}::timestamptz order by seen_at limit ${portion} for update skip locked)`;
  return rows.count;
};
