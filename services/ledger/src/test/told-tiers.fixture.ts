import { idFrom } from '@vafa/kernel';
import type { Harness } from '@vafa/testing';
import { toldLog } from './told-log.fixture.ts';

interface Told {
  id: string;
  customerId: string;
  from: string | null;
  to: string | null;
}

/** Changes of tiers that the other services were told of, each once, of each customer in the order of their telling. */
const readTold = ({ admin }: Pick<Harness, 'admin'>): Promise<Told[]> =>
  admin<Told[]>`
    select id, data ->> 'customerId' as "customerId", data ->> 'from' as "from", data ->> 'to' as "to"
    from (
      select distinct on (headers::json ->> 'ce_id') headers::json ->> 'ce_id' as id, value::json as data, still_here, place
      from ${toldLog(admin)} as out where headers::json ->> 'ce_type' = 'tier.changed'
      order by headers::json ->> 'ce_id', still_here, place
    ) as told
    order by still_here, place`;

/** Tiers that customers have who are still there: neither merged into others nor nobody. Null = none, or the one that is free. */
const readKept = async ({ admin }: Pick<Harness, 'admin'>): Promise<Map<string, string | null>> => {
  const rows = await admin<{ customerId: string; tier: string | null }[]>`
    select customer_id as "customerId", tier from ledger.balance left join ledger.tier_state using (customer_id)
    where merged_into is null and not starts_with(customer_id, 'erased:')`;
  const former = await admin<{ key: string }[]>`select customer_key as key from ledger.former_customer`;
  const erased = new Set(former.map(({ key }) => key));
  // Who began anew after an erasure was told of under the same name before.
  const known = rows.filter(({ customerId }) => !erased.has(idFrom('customer', customerId)));
  return new Map(known.map(({ customerId, tier }) => [customerId, tier]));
};

/** Levels that were free in some version: everybody had them who had no other, and nobody was told. */
const readFree = async ({ admin }: Pick<Harness, 'admin'>): Promise<ReadonlySet<string>> => {
  const rows = await admin<{ id: string }[]>`
    select distinct level ->> 'id' as id
    from ledger.programme_version cross join jsonb_array_elements(definition -> 'tiers' -> 'levels') as level
    where (level ->> 'threshold')::bigint = 0`;
  return new Set(rows.map(({ id }) => id));
};

/**
 * Customers of whom the other services believe something else than what is kept: a change that does not go on from the one told
 * before it (one was left out, or told twice), or a last one that is not to the tier which is had. Nothing is under way.
 */
export const findTiersToldOtherwise = async (
  harness: Pick<Harness, 'admin'>,
): Promise<{ id: string; detail: string }[]> => {
  const [kept, told, free] = await Promise.all([readKept(harness), readTold(harness), readFree(harness)]);
  const known = (tier: string | null): string | null => (tier === null || free.has(tier) ? null : tier);
  const last = new Map<string, string | null>();
  const found: { id: string; detail: string }[] = [];
  for (const { id, customerId, from, to } of told) {
    const before = last.get(customerId) ?? null;
    if (kept.has(customerId) && known(from) !== before)
      found.push({
        id,
        detail: `${customerId} was told to change from ${from} to ${to}, having been told of ${before}`,
      });
    last.set(customerId, known(to));
  }
  for (const [customerId, tier] of kept) {
    const told = last.get(customerId) ?? null;
    if (known(tier) !== told) found.push({ id: customerId, detail: `has ${tier}, was told of ${told}` });
  }
  return found.slice(0, 5);
};
