import type { Queryable, Tx } from '@vafa/bus';
import { addressKey } from '../domain/addresses.ts';
import type { Channel, Purpose } from '../domain/purposes.ts';

/** Any purpose: the address itself does not work. */
export const ANY_PURPOSE = '*';

export interface Suppression {
  channel: Channel;
  address: string;
  purpose: Purpose | typeof ANY_PURPOSE;
  reason: string;
  messageId: number | null;
}

export const suppressAddresses = async (
  tx: Tx,
  suppressions: readonly Suppression[],
  now: Temporal.Instant,
): Promise<void> => {
  for (const { channel, address, purpose, reason, messageId } of suppressions)
    await tx`insert into suppressed_address (channel, address_key, purpose, reason, at, message_id)
      values (${channel}, ${addressKey(channel, address)}, ${purpose}, ${reason}, ${now.toString()}::timestamptz, ${messageId})
      on conflict do nothing`;
};

/** Answers whether an address may not be written to for a purpose. */
export type SuppressionCheck = (channel: Channel, address: string | null, purpose: Purpose) => boolean;

/** Looks the addresses up at once. */
export const findSuppressions = async (
  tx: Queryable,
  addresses: readonly { channel: Channel; address: string | null }[],
): Promise<SuppressionCheck> => {
  const keys = addresses.flatMap(({ channel, address }) => (address === null ? [] : [addressKey(channel, address)]));
  const rows = await tx<{ channel: Channel; addressKey: string; purpose: string }[]>`
    select channel, address_key as "addressKey", purpose from suppressed_address where address_key = any(${keys}::text[])`;
  const found = new Set(rows.map((row) => `${row.channel} ${row.addressKey} ${row.purpose}`));
  return (channel, address, purpose) => {
    if (address === null) return false;
    const key = `${channel} ${addressKey(channel, address)}`;
    return found.has(`${key} ${ANY_PURPOSE}`) || found.has(`${key} ${purpose}`);
  };
};

/** Lifts the suppressions of an address for the reasons given (all, if none is). Returns how many there were. */
export const liftSuppressions = async (
  tx: Tx,
  channel: Channel,
  address: string,
  reasons: readonly string[] | null,
): Promise<number> => {
  const rows =
    await tx`delete from suppressed_address where channel = ${channel} and address_key = ${addressKey(channel, address)}
    and (${reasons === null}::boolean or reason = any(${[...(reasons ?? [])]}::text[])) returning 1`;
  return rows.length;
};

export interface ListedSuppression {
  purpose: string;
  reason: string;
  at: string;
  messageId: number | null;
}

export const listSuppressions = (tx: Queryable, channel: Channel, address: string): Promise<ListedSuppression[]> =>
  tx<ListedSuppression[]>`select purpose, reason, at, message_id as "messageId" from suppressed_address
    where channel = ${channel} and address_key = ${addressKey(channel, address)} order by purpose`;
