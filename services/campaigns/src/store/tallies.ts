import type { Queryable, Tx } from '@vafa/bus';
import type { Tally } from '../domain/tally.ts';

/** Whose triggers of which campaign were only counted, and as what. */
export interface TallyKey {
  campaignId: string;
  customerId: string;
  outcome: 'expired' | 'skipped';
  reason: string;
}

/** A name for a tally within one batch. */
export const tallyKey = ({ campaignId, customerId, outcome, reason }: TallyKey): string =>
  `${campaignId}\u0000${customerId}\u0000${outcome}\u0000${reason}`;

type Row = TallyKey & { count: number; lastAt: string; lastKey: string };

const toTally = ({ count, lastAt, lastKey }: Row): Tally => ({
  count,
  lastAtMs: Temporal.Instant.from(lastAt).epochMilliseconds,
  lastKey,
});

/** The tallies there are, by key, held until the transaction ends. */
export const lockTallies = async (tx: Tx, keys: readonly TallyKey[]): Promise<Map<string, Tally>> => {
  const rows = await tx<Row[]>`select t.campaign_id as "campaignId", t.customer_id as "customerId", t.outcome, t.reason,
      t.count, t.last_at as "lastAt", t.last_key as "lastKey"
    from trigger_tally t join unnest(${keys.map(({ campaignId }) => campaignId)}::text[],
      ${keys.map(({ customerId }) => customerId)}::text[], ${keys.map(({ outcome }) => outcome)}::text[],
      ${keys.map(({ reason }) => reason)}::text[]) as asked (campaign_id, customer_id, outcome, reason)
      on t.campaign_id = asked.campaign_id and t.customer_id = asked.customer_id and t.outcome = asked.outcome
        and t.reason = asked.reason
    order by t.customer_id, t.campaign_id, t.outcome, t.reason for update of t`;
  return new Map(rows.map((row) => [tallyKey(row), toTally(row)]));
};

export const upsertTallies = async (tx: Tx, tallies: readonly (TallyKey & Tally)[]): Promise<void> => {
  if (tallies.length === 0) return;
  await tx`insert into trigger_tally (campaign_id, customer_id, outcome, reason, count, last_at, last_key)
    select campaign_id, customer_id, outcome, reason, count, last_at::timestamptz, last_key from unnest(
      ${tallies.map(({ campaignId }) => campaignId)}::text[], ${tallies.map(({ customerId }) => customerId)}::text[],
      ${tallies.map(({ outcome }) => outcome)}::text[], ${tallies.map(({ reason }) => reason)}::text[],
      ${tallies.map(({ count }) => count)}::bigint[],
      ${tallies.map(({ lastAtMs }) => Temporal.Instant.fromEpochMilliseconds(lastAtMs).toString())}::text[],
      ${tallies.map(({ lastKey }) => lastKey)}::text[])
      as tally (campaign_id, customer_id, outcome, reason, count, last_at, last_key)
    order by customer_id, campaign_id, outcome, reason
    on conflict (campaign_id, customer_id, outcome, reason) do update
      set count = excluded.count, last_at = excluded.last_at, last_key = excluded.last_key`;
};

/** A customer's tallies of a campaign. */
export const listTallies = async (
  sql: Queryable,
  campaignId: string,
  customerId: string,
): Promise<{ outcome: TallyKey['outcome']; reason: string; count: number; lastAt: string }[]> => {
  const rows = await sql<Row[]>`select outcome, reason, count, last_at as "lastAt" from trigger_tally
    where campaign_id = ${campaignId} and customer_id = ${customerId} order by outcome, reason`;
  return rows.map(({ outcome, reason, count, lastAt }) => ({
    outcome,
    reason,
    count,
    lastAt: Temporal.Instant.from(lastAt).toString(),
  }));
};

/** Gives a customer's tallies to another, added to the other's own. */
export const moveTallies = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`with moved as (delete from trigger_tally where customer_id = ${from} returning *)
    insert into trigger_tally (campaign_id, customer_id, outcome, reason, count, last_at, last_key)
    select campaign_id, ${into}, outcome, reason, count, last_at, last_key from moved order by campaign_id, outcome, reason
    on conflict (campaign_id, customer_id, outcome, reason) do update set count = trigger_tally.count + excluded.count,
      last_at = greatest(trigger_tally.last_at, excluded.last_at),
      last_key = case when trigger_tally.last_at >= excluded.last_at then trigger_tally.last_key else excluded.last_key end`;
};

export const deleteTallies = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from trigger_tally where customer_id = ${customerId}`;
};
