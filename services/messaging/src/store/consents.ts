import type { Queryable, Tx } from '@vafa/bus';
import type { Channel, Purpose } from '../domain/purposes.ts';

export interface ConsentChange {
  customerId: string;
  channel: Channel;
  purpose: Purpose;
  granted: boolean;
  source: string;
  textVersion: string | null;
  at: string;
}

/**
 * Takes consents over: the newest word counts, whatever order the words arrive in, and of two given at the same moment the
 * refusal. Words older than the customer's erasure are dropped; those of a merged customer belong to the one it went into.
 */
export const upsertConsents = async (tx: Tx, changes: readonly ConsentChange[]): Promise<void> => {
  if (changes.length === 0) return;
  const column = <Key extends keyof ConsentChange>(key: Key) => changes.map((change) => change[key]);
  await tx`insert into consent (customer_id, channel, purpose, granted, source, text_version, at)
    select distinct on (owner, t.channel, t.purpose) owner, t.channel, t.purpose, t.granted, t.source, t.text_version, t.at
    from unnest(${column('customerId')}::text[], ${column('channel')}::text[], ${column('purpose')}::text[],
      ${column('granted').map(String)}::text[]::boolean[], ${column('source')}::text[], ${column('textVersion')}::text[],
      ${column('at')}::timestamptz[]) as t(customer_id, channel, purpose, granted, source, text_version, at)
    left join contact c using (customer_id)
    cross join lateral (select coalesce(c.merged_into, t.customer_id) as owner) o
    where c.erased_at is null or c.erased_at < t.at
    order by owner, t.channel, t.purpose, t.at desc, t.granted
    on conflict (customer_id, channel, purpose) do update
      set granted = excluded.granted, source = excluded.source, text_version = excluded.text_version, at = excluded.at
      where consent.at < excluded.at or (consent.at = excluded.at and not excluded.granted)`;
};

type Named = Pick<ConsentChange, 'customerId' | 'channel' | 'purpose'>;

/** The grants in force, as `grantKey` names them. */
export const findGrants = async (tx: Queryable, customerIds: readonly string[]): Promise<Set<string>> => {
  const rows = await tx<Named[]>`
    select customer_id as "customerId", channel, purpose from consent
    where customer_id = any(${[...customerIds]}::text[]) and granted`;
  return new Set(rows.map(({ customerId, channel, purpose }) => grantKey(customerId, channel, purpose)));
};

export const grantKey = (customerId: string, channel: Channel, purpose: Purpose): string =>
  JSON.stringify([customerId, channel, purpose]);

/** Moves the consents of a merged customer; where both have spoken the newer word counts. */
export const moveConsents = async (tx: Tx, from: string, into: string): Promise<void> => {
  const rows = await tx<ConsentChange[]>`delete from consent where customer_id = ${from}
    returning customer_id as "customerId", channel, purpose, granted, source, text_version as "textVersion", at`;
  await upsertConsents(
    tx,
    rows.map((row) => ({ ...row, customerId: into })),
  );
};

/** Forgets what a customer said. */
export const deleteConsents = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from consent where customer_id = ${customerId}`;
};

/** The refusals in force, as `grantKey` names them. */
export const findRefusals = async (tx: Queryable, customerIds: readonly string[]): Promise<Set<string>> => {
  const rows = await tx<Named[]>`select customer_id as "customerId", channel, purpose from consent
    where customer_id = any(${[...customerIds]}::text[]) and not granted`;
  return new Set(rows.map(({ customerId, channel, purpose }) => grantKey(customerId, channel, purpose)));
};

/** Consents of customers that a reply by SMS took away: a reply may give them back. */
export const findWithdrawnBy = (
  tx: Queryable,
  customerIds: readonly string[],
  source: string,
): Promise<ConsentChange[]> =>
  tx<ConsentChange[]>`select customer_id as "customerId", channel, purpose, granted, source,
      text_version as "textVersion", at from consent
    where customer_id = any(${[...customerIds]}::text[]) and not granted and source = ${source}`;
