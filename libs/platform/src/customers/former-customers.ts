/**
 * Customers who are no more: merged into others, or erased. For services that keep things by customer and hear of both; the
 * table `former_customer` is theirs.
 */
import { plainArray, type Tx } from '@vafa/bus';
import { idFrom } from '@vafa/kernel';
import type { Fragment } from 'postgres';

/** The customer lives on under another id, or was erased (`intoCustomerId` null) at `since`. */
interface FormerCustomer {
  intoCustomerId: string | null;
  since: string;
}

const keyOf = (customerId: string): string => idFrom('customer', customerId);

/** Who an event is about today; undefined when the customer was erased after it happened. */
export type ResolveCustomer = (customerId: string, atMs: number) => string | undefined;

/** Customers who are no more, with their keys, as JSON; null = none. */
export type FormerJson = (FormerCustomer & { key: string })[] | null;

/** The question which of the customers were merged into others or erased, for who asks it along with others. */
export interface FormerQuestion {
  /** An SQL expression that gives `FormerJson`. */
  sql: Fragment;
  read: (answer: FormerJson) => ResolveCustomer;
}

export const askForFormer = (tx: Tx, customerIds: readonly string[]): FormerQuestion => {
  const keys = customerIds.map(keyOf);
  return {
    sql: tx`(select json_agg(json_build_object('key', customer_key, 'intoCustomerId', into_customer_id, 'since', since))
      from former_customer where customer_key = any(${plainArray(keys)}::text[]))`,
    read: (answer) => {
      if (answer === null) return (customerId) => customerId;
      const idOf = new Map(keys.map((key, i) => [key, customerIds[i] as string]));
      const former = new Map(answer.map((each) => [idOf.get(each.key) as string, each]));
      return (customerId, atMs) => {
        const found = former.get(customerId);
        if (!found) return customerId;
        if (found.intoCustomerId !== null) return found.intoCustomerId;
        return atMs > Temporal.Instant.from(found.since).epochMilliseconds ? customerId : undefined;
      };
    },
  };
};

/** Looks up which of the customers were merged into others or erased. */
export const resolveCustomers = async (tx: Tx, customerIds: readonly string[]): Promise<ResolveCustomer> => {
  const question = askForFormer(tx, customerIds);
  const [row] = await tx<{ former: FormerJson }[]>`select ${question.sql} as former`;
  return question.read(row?.former ?? null);
};

/** When these customers were erased, those who were, in milliseconds since 1970; who was merged into one of them, with her. */
export const findErased = async (tx: Tx, customerIds: readonly string[]): Promise<Map<string, number>> => {
  const idOf = new Map(customerIds.map((customerId) => [keyOf(customerId), customerId]));
  const rows = await tx<{ key: string; since: string }[]>`select customer_key as key, since from former_customer
    where customer_key = any(${plainArray([...idOf.keys()])}::text[]) and into_customer_id is null`;
  return new Map(
    rows.map(({ key, since }) => [idOf.get(key) as string, Temporal.Instant.from(since).epochMilliseconds]),
  );
};

/** Remembers a merge; who was merged into `from` before lives on in `into` too. */
export const recordMerge = async (tx: Tx, from: string, into: string, since: string): Promise<void> => {
  await tx`delete from former_customer where customer_key = ${keyOf(into)} and into_customer_id = ${from}`;
  await tx`update former_customer set into_customer_id = ${into} where into_customer_id = ${from}`;
  await tx`insert into former_customer (customer_key, into_customer_id, since)
    values (${keyOf(from)}, ${into}, ${since}::timestamptz)
    on conflict (customer_key) do update set into_customer_id = excluded.into_customer_id, since = excluded.since`;
};

/** Remembers an erasure without the id: of the customer and of all who had been merged into her. */
export const recordErasure = async (tx: Tx, customerId: string, since: string): Promise<void> => {
  await tx`update former_customer set into_customer_id = null, since = ${since}::timestamptz
    where into_customer_id = ${customerId}`;
  await tx`insert into former_customer (customer_key, into_customer_id, since)
    values (${keyOf(customerId)}, null, ${since}::timestamptz)
    on conflict (customer_key) do update set into_customer_id = null, since = greatest(former_customer.since, excluded.since)`;
};

/** Customers who were erased and are told of anew, after that, are customers again. */
export const welcomeBack = async (tx: Tx, told: readonly { customerId: string; at: string }[]): Promise<void> => {
  await tx`delete from former_customer f
    using unnest(${told.map(({ customerId }) => keyOf(customerId))}::text[], ${told.map(({ at }) => at)}::text[])
      as told (customer_key, at)
    where f.customer_key = told.customer_key and f.into_customer_id is null and f.since < told.at::timestamptz`;
};
