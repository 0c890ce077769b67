import type { Tx } from '@vafa/bus';
import { idFrom } from '@vafa/kernel';
import { arrayOf } from './array-literal.ts';

const keyOf = (customerId: string): string => idFrom('erased customer', customerId);

/** When these customers were erased, of those who were. */
export const findErased = async (tx: Tx, customerIds: readonly string[]): Promise<Map<string, Temporal.Instant>> => {
  const byKey = new Map(customerIds.map((customerId) => [keyOf(customerId), customerId]));
  const rows = await tx<{ key: string; erasedAt: string }[]>`select customer_key as key, erased_at as "erasedAt"
    from erased_customer where customer_key = any(${arrayOf([...byKey.keys()])}::text::uuid[])`;
  return new Map(rows.map(({ key, erasedAt }) => [byKey.get(key) as string, Temporal.Instant.from(erasedAt)]));
};

export const noteErased = async (tx: Tx, customerIds: readonly string[], erasedAt: Temporal.Instant): Promise<void> => {
  await tx`insert into erased_customer as e (customer_key, erased_at)
    select key, ${erasedAt.toString()}::timestamptz
    from unnest(${arrayOf(customerIds.map(keyOf))}::text::uuid[]) as v (key) order by key
    on conflict (customer_key) do update set erased_at = greatest(e.erased_at, excluded.erased_at)`;
};
