import type { Queryable, Tx } from '@vafa/bus';
import type { EntryStatus } from '../domain/decide.ts';

/** What a trigger of a campaign led to for a customer. */
export interface Entry {
  campaignId: string;
  customerId: string;
  triggerKey: string;
  status: EntryStatus;
  reason: string | null;
  once: boolean;
  campaignVersion: number;
  triggeredAt: string;
  decidedAt: string;
}

type EntryKey = Pick<Entry, 'campaignId' | 'customerId' | 'triggerKey'>;

/** A name for an entry within one batch. */
export const entryKey = ({ campaignId, customerId, triggerKey }: EntryKey): string =>
  `${campaignId}\u0000${customerId}\u0000${triggerKey}`;

/**
 * Writes entries and returns the keys of those that are new: an entry that exists, or a second request of a campaign that
 * asks once per customer, is left out by the unique keys. Repeats within the call count as existing. Booleans and
 * instants go in as text and are cast here, so that no setting of the driver for lists of them matters.
 */
export const insertEntries = async (tx: Tx, entries: readonly Entry[]): Promise<Set<string>> => {
  if (entries.length === 0) return new Set();
  const rows = await tx<EntryKey[]>`
    insert into entry (campaign_id, customer_id, trigger_key, status, reason, once, campaign_version, triggered_at, decided_at)
    select campaign_id, customer_id, trigger_key, status, reason, once::boolean, campaign_version,
      triggered_at::timestamptz, decided_at::timestamptz
    from unnest(
      ${entries.map(({ campaignId }) => campaignId)}::text[], ${entries.map(({ customerId }) => customerId)}::text[],
      ${entries.map(({ triggerKey }) => triggerKey)}::text[], ${entries.map(({ status }) => status)}::text[],
      ${entries.map(({ reason }) => reason)}::text[], ${entries.map(({ once }) => String(once))}::text[],
      ${entries.map(({ campaignVersion }) => campaignVersion)}::int[],
      ${entries.map(({ triggeredAt }) => triggeredAt)}::text[],
      ${entries.map(({ decidedAt }) => decidedAt)}::text[])
      as new_entry (campaign_id, customer_id, trigger_key, status, reason, once, campaign_version, triggered_at, decided_at)
    order by customer_id, campaign_id, triggered_at::timestamptz, trigger_key
    on conflict do nothing
    returning campaign_id as "campaignId", customer_id as "customerId", trigger_key as "triggerKey"`;
  return new Set(rows.map(entryKey));
};

/** Which of the keys have an entry. */
export const existingEntries = async (tx: Tx, keys: readonly EntryKey[]): Promise<Set<string>> => {
  if (keys.length === 0) return new Set();
  const rows = await tx<EntryKey[]>`
    select e.campaign_id as "campaignId", e.customer_id as "customerId", e.trigger_key as "triggerKey"
    from entry e join unnest(${keys.map(({ campaignId }) => campaignId)}::text[],
      ${keys.map(({ customerId }) => customerId)}::text[], ${keys.map(({ triggerKey }) => triggerKey)}::text[])
      as asked (campaign_id, customer_id, trigger_key)
      on e.campaign_id = asked.campaign_id and e.customer_id = asked.customer_id and e.trigger_key = asked.trigger_key`;
  return new Set(rows.map(entryKey));
};

/** A customer's entries of a campaign, newest first. */
export const listEntries = async (
  sql: Queryable,
  campaignId: string,
  customerId: string,
  limit: number,
): Promise<Entry[]> => {
  const rows = await sql<Entry[]>`select campaign_id as "campaignId", customer_id as "customerId",
      trigger_key as "triggerKey", status, reason, once, campaign_version as "campaignVersion",
      triggered_at as "triggeredAt", decided_at as "decidedAt"
    from entry where campaign_id = ${campaignId} and customer_id = ${customerId}
    order by decided_at desc, trigger_key limit ${limit}`;
  return rows.map((row) => ({
    ...row,
    triggeredAt: Temporal.Instant.from(row.triggeredAt).toString(),
    decidedAt: Temporal.Instant.from(row.decidedAt).toString(),
  }));
};

/** Gives a customer's entries to another; where the other has one for the same trigger, or has entered once, that stays. */
export const moveEntries = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`with moved as (delete from entry where customer_id = ${from} returning *)
    insert into entry (campaign_id, customer_id, trigger_key, status, reason, once, campaign_version, triggered_at, decided_at)
    select campaign_id, ${into}, trigger_key, status, reason, once, campaign_version, triggered_at, decided_at
    from moved order by campaign_id, trigger_key
    on conflict do nothing`;
};

export const deleteEntries = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from entry where customer_id = ${customerId}`;
};
