import { CustomerErased, type EventEnvelope } from '@vafa/contracts';
import type { Subscription } from '../consumer/subscription.ts';
import type { Tx } from '../sql.ts';
import { type Parking, scrubLetters, storable } from './store.ts';

interface Told {
  id: number;
  key: string;
  headers: string;
}

/** Milliseconds since 1970; undefined where the headers are not those of an event of ours. */
const toldAtMs = ({ headers }: Pick<Told, 'headers'>): number | undefined => {
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

/** When these customers were erased, those who were, in milliseconds since 1970: also under names that they had before a merge. */
export type FindErased = (tx: Tx, customerIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;

/** Nobody is known to be erased but who is told of in the batch at hand. */
export const knowsNobody: FindErased = async () => new Map();

/** Letters are few, so whose they are is asked of all of them: the other names of the erased are kept as hashes, if at all. */
const keysOfLetters = async (tx: Tx, group: string): Promise<string[]> => {
  const rows = await tx<
    { key: string }[]
  >`select distinct key from dead_letter where grp = ${group} and key is not null`;
  return rows.map(({ key }) => key);
};

/**
 * Nothing stays of what a group has set aside of customers who were erased: key, headers and content of the records, and what was
 * said of them. That there was something, when and why stays; what was still to be handled is given up. Somebody who came
 * back after the erasure under the same id is somebody else.
 */
const forgetLetters = async (
  tx: Tx,
  group: string,
  erasures: readonly EventEnvelope[],
  findErased: FindErased,
): Promise<void> => {
  const erasedAt = erasedAtMs(erasures);
  for (const [key, atMs] of await findErased(tx, await keysOfLetters(tx, group)))
    erasedAt.set(key, Math.max(erasedAt.get(key) ?? 0, atMs));
  const found = await tx<Told[]>`select id, key, headers from dead_letter
    where grp = ${group} and key = any(${[...erasedAt.keys()]}::text[]) order by id for update`;
  const told = found.filter((letter) => (toldAtMs(letter) ?? 0) <= (erasedAt.get(letter.key) as number));
  if (told.length === 0) return;
  await scrubLetters(
    tx,
    told.map(({ id }) => id),
  );
};

/** Of records that are to be parked, those whose customers have been erased since they were told are not kept, but that they were. */
export const forgetParked = async (
  tx: Tx,
  parkings: readonly Parking[],
  findErased: FindErased,
): Promise<readonly Parking[]> => {
  const keys = parkings.flatMap(({ status, record }) =>
    status === 'parked' && record.key !== null ? storable(record.key) : [],
  );
  if (keys.length === 0) return parkings;
  const erasedAt = await findErased(tx, [...new Set(keys)]);
  return parkings.map((parking) => {
    const { record, status } = parking;
    const atMs = toldAtMs({ headers: JSON.stringify(record.headers) }) ?? record.timestampMs;
    const erased =
      status === 'parked' && atMs <= (erasedAt.get(storable(record.key ?? '')) ?? Number.NEGATIVE_INFINITY);
    return erased ? { ...parking, status: 'discarded' } : parking;
  });
};

/** A subscription that also forgets what was set aside of the customers whose erasure it has handled. */
export const forgettingErased = (subscription: Subscription, findErased: FindErased): Subscription => {
  if (!subscription.handles.includes(CustomerErased.type)) return subscription;
  return {
    ...subscription,
    handler: async (tx, events, context, prepared) => {
      const result = (await subscription.handler(tx, events, context, prepared)) ?? {};
      const untaken = new Set([...(result.refused ?? []), ...(result.notReady ?? [])].map(({ event }) => event));
      const erasures = events.filter((event) => event.type === CustomerErased.type && !untaken.has(event));
      if (erasures.length > 0) await forgetLetters(tx, context.group, erasures, findErased);
      return result;
    },
  };
};
