import { CustomerErased, type EventEnvelope } from '@vafa/contracts';
import type { Subscription } from '../consumer/subscription.ts';
import type { Tx } from '../sql.ts';
import { storable } from './store.ts';

interface Told {
  id: number;
  key: string;
  headers: string;
}

/** Milliseconds since 1970; undefined where the headers are not those of an event of ours. */
const toldAtMs = ({ headers }: Told): number | undefined => {
  const { ce_time } = JSON.parse(headers) as { ce_time?: string };
  const at = Date.parse(ce_time ?? '');
  return Number.isNaN(at) ? undefined : at;
};

/** When each customer was erased, at last, in milliseconds since 1970. */
const erasedAtMs = (erasures: readonly EventEnvelope[]): Map<string, number> => {
  const at = new Map<string, number>();
  for (const { subject, time } of erasures) {
    const key = storable(subject);
    at.set(key, Math.max(at.get(key) ?? 0, Date.parse(time)));
  }
  return at;
};

/**
 * Nothing stays of what a group has set aside of customers who were erased: key, headers and content of the records, and what was
 * said of them. That there was something, when and why stays; what was still to be handled is given up. Somebody who came
 * back after the erasure under the same id is somebody else.
 */
const forgetLetters = async (tx: Tx, group: string, erasures: readonly EventEnvelope[]): Promise<void> => {
  const erasedAt = erasedAtMs(erasures);
  const found = await tx<Told[]>`select id, key, headers from dead_letter
    where grp = ${group} and key = any(${[...erasedAt.keys()]}::text[]) order by id for update`;
  const told = found.filter((letter) => (toldAtMs(letter) ?? 0) <= (erasedAt.get(letter.key) as number));
  if (told.length === 0) return;
  await tx`update dead_letter set key = null, headers = '{}', value = null, value_bytes = null, event_id = null,
      error_message = 'the customer was erased', next_attempt_at = null,
      status = case when status in ('parked', 'waiting') then 'discarded' else status end
    where id = any(${told.map(({ id }) => id)}::bigint[])`;
};

/** A subscription that also forgets what was set aside of the customers whose erasure it has handled. */
export const forgettingErased = (subscription: Subscription): Subscription => {
  if (!subscription.handles.includes(CustomerErased.type)) return subscription;
  return {
    ...subscription,
    handler: async (tx, events, context, prepared) => {
      const result = (await subscription.handler(tx, events, context, prepared)) ?? {};
      const untaken = new Set([...(result.refused ?? []), ...(result.notReady ?? [])].map(({ event }) => event));
      const erasures = events.filter((event) => event.type === CustomerErased.type && !untaken.has(event));
      if (erasures.length > 0) await forgetLetters(tx, context.group, erasures);
      return result;
    },
  };
};
