import { emitRecords } from '../outbox/emit.ts';
import type { InRecord } from '../port.ts';
import type { Sql, Tx } from '../sql.ts';
import { type DeadLetter, mirror } from './store.ts';

/** Events looked at per sweep. */
const MAX_DUE = 500;
const FIRST_BACK_OFF_MS = 500;
const MAX_BACK_OFF_MS = 30_000;

/** Where a waiting event stands in its queue. */
export type Place = Pick<DeadLetter, 'id' | 'topic' | 'partition' | 'key'>;
export type WaitingLetter = Place &
  Pick<DeadLetter, 'grp' | 'offset' | 'headers' | 'value' | 'valueBytes' | 'attempts' | 'firstSeenAt'>;

export interface Reason {
  code: string;
  message: string;
}

/** The record as it came. */
export const recordOf = (letter: WaitingLetter): InRecord => ({
  topic: letter.topic,
  partition: letter.partition,
  offset: BigInt(letter.offset),
  key: letter.key,
  headers: JSON.parse(letter.headers) as Record<string, string>,
  value: letter.valueBytes ?? letter.value,
  timestampMs: Date.parse(letter.firstSeenAt),
});

/** Events that are due; on the topics of `inOrder` only the oldest of each customer. */
export const findDue = (
  sql: Sql,
  group: string,
  inOrder: readonly string[],
  now: Temporal.Instant,
): Promise<Place[]> => sql<Place[]>`
  select id, topic, partition, key from dead_letter l
  where grp = ${group} and status = 'waiting' and next_attempt_at <= ${now.toString()}
    and (topic <> all(${[...inOrder]}::text[]) or not exists (select from dead_letter e
      where e.grp = l.grp and e.topic = l.topic and e.key = l.key and e.status = 'waiting' and e.id < l.id))
  order by id limit ${MAX_DUE}`;

/** The next waiting event of the same customer and topic. */
export const findNext = async (sql: Sql, group: string, { topic, key, id }: Place): Promise<Place | undefined> => {
  const [next] = await sql<Place[]>`select id, topic, partition, key from dead_letter
    where grp = ${group} and topic = ${topic} and key = ${key} and status = 'waiting' and id > ${id} order by id limit 1`;
  return next;
};

/** Takes a letter for this transaction; nothing when it does not wait any more. */
export const lockLetter = async (tx: Tx, id: number): Promise<WaitingLetter | undefined> => {
  const [letter] = await tx<WaitingLetter[]>`select id, grp, topic, partition, record_offset as "offset", key, headers,
      value, value_bytes as "valueBytes", attempts, first_seen_at as "firstSeenAt"
    from dead_letter where id = ${id} and status = 'waiting' for update`;
  return letter;
};

/** Ends the waiting of a letter; a parked one is mirrored to the dead topic. */
export const settleLetter = async (
  tx: Tx,
  letter: WaitingLetter,
  status: 'retried' | 'parked',
  { code, message }: Reason,
  now: Temporal.Instant,
): Promise<void> => {
  await tx`update dead_letter set status = ${status}, error_code = ${code}, error_message = ${message},
    attempts = attempts + 1, last_attempt_at = ${now.toString()}, next_attempt_at = null where id = ${letter.id}`;
  if (status === 'parked')
    await emitRecords(tx, [mirror(recordOf(letter), letter.grp, code, message, letter.attempts + 1)]);
};

/** Lets a letter wait longer, and with it those `behind` it: they need not be looked at before it. */
export const postponeLetter = async (
  tx: Tx,
  letter: WaitingLetter,
  behind: boolean,
  { code, message }: Reason,
  now: Temporal.Instant,
): Promise<void> => {
  const waitMs = Math.min(MAX_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** Math.min(letter.attempts, 16));
  const next = now.add({ milliseconds: waitMs }).toString();
  await tx`update dead_letter set attempts = attempts + 1, error_code = ${code}, error_message = ${message},
    last_attempt_at = ${now.toString()}, next_attempt_at = ${next} where id = ${letter.id}`;
  if (behind)
    await tx`update dead_letter set next_attempt_at = ${next} where grp = ${letter.grp} and topic = ${letter.topic}
      and key = ${letter.key} and status = 'waiting' and id > ${letter.id}`;
};
