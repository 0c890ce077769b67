import { deadTopic } from '@vafa/contracts';
import { bytesOf } from '../batching-publisher.ts';
import { MAX_RECORD_BYTES } from '../limits.ts';
import { emitRecords } from '../outbox/emit.ts';
import type { InRecord, OutRecord } from '../port.ts';
import type { Queryable, Tx } from '../sql.ts';

/** parked: an operator decides · waiting: tried again by itself · retried, discarded: done with. */
export type DeadLetterStatus = 'parked' | 'waiting' | 'retried' | 'discarded';

export interface DeadLetter {
  id: number;
  grp: string;
  topic: string;
  partition: number;
  offset: number;
  key: string | null;
  headers: string;
  value: string | null;
  valueBytes: Buffer | null;
  eventId: string | null;
  eventType: string | null;
  status: DeadLetterStatus;
  errorCode: string;
  errorMessage: string;
  attempts: number;
  firstSeenAt: string;
  lastAttemptAt: string;
  nextAttemptAt: string | null;
}

/** A record set aside and why; of a discarded one nothing is kept but that it was there. */
export interface Parking {
  record: InRecord;
  status: 'parked' | 'waiting' | 'discarded';
  code: string;
  message: string;
  nextAttemptAt?: Temporal.Instant;
}

const NUL = '\u0000';
/** NUL can't be stored as text. Keys, ids and messages come from foreign records: one NUL must not stop a partition. */
export const storable = (text: string): string => text.replaceAll(NUL, '\ufffd');

/** NUL can't be stored as text, and what is no UTF-8 must stay as it was. */
const asText = (value: string | Buffer | null): string | null => {
  if (value === null) return null;
  const text = value.toString();
  if (text.includes(NUL)) return null;
  return typeof value === 'string' || Buffer.from(text).equals(value) ? text : null;
};

const asBytes = (value: string | Buffer | null): Buffer | null =>
  value === null || asText(value) !== null ? null : Buffer.from(value);

/** What stands in the place of what a letter tells of somebody who was erased. */
const SCRUBBED = {
  ...{ key: null, headers: '{}', value: null, value_bytes: null, event_id: null, next_attempt_at: null },
  error_message: 'the customer was erased',
};

const toRow = (parking: Parking, grp: string, now: string) => ({
  ...wholeRow(parking, grp, now),
  ...(parking.status === 'discarded' ? SCRUBBED : {}),
});

const wholeRow = ({ record, status, code, message, nextAttemptAt }: Parking, grp: string, now: string) => ({
  grp,
  topic: record.topic,
  partition: record.partition,
  record_offset: Number(record.offset),
  key: record.key === null ? null : storable(record.key),
  headers: JSON.stringify(record.headers),
  value: asText(record.value),
  value_bytes: asBytes(record.value),
  event_id: storable(record.headers.ce_id ?? '') || null,
  event_type: storable(record.headers.ce_type ?? '') || null,
  status,
  error_code: code,
  error_message: storable(message),
  attempts: 1,
  first_seen_at: now,
  last_attempt_at: now,
  next_attempt_at: nextAttemptAt?.toString() ?? null,
});

/** Keeps records with their reasons, in the order given; parked ones are also mirrored to the dead topic through the outbox. */
export const park = async (
  tx: Tx,
  group: string,
  parkings: readonly Parking[],
  now: Temporal.Instant,
): Promise<void> => {
  if (parkings.length === 0) return;
  await tx`insert into dead_letter ${tx(parkings.map((parking) => toRow(parking, group, now.toString())))}`;
  const dead = parkings.filter(({ status }) => status === 'parked');
  await emitRecords(
    tx,
    dead.map(({ record, code, message }) => mirror(record, group, code, message, 1)),
  );
};

/** Takes away what letters tell of somebody who was erased; what was still to be handled is given up. */
export const scrubLetters = async (tx: Tx, ids: readonly number[]): Promise<void> => {
  await tx`update dead_letter set ${tx(SCRUBBED)},
      status = case when status in ('parked', 'waiting') then 'discarded' else status end
    where id = any(${[...ids]}::bigint[])`;
};

/** The untouched record with its error, for `<topic>.dead`; of one that became too large by that, the value stays behind. */
export const mirror = (
  record: Pick<InRecord, 'topic' | 'partition' | 'offset' | 'key' | 'headers' | 'value'>,
  group: string,
  code: string,
  message: string,
  attempts: number,
): OutRecord => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(record.headers)) if (value !== undefined) headers[name] = value;
  const reason = {
    vafa_error_code: code,
    vafa_error: message.slice(0, 500),
    vafa_group: group,
    vafa_attempts: String(attempts),
    vafa_source: `${record.topic}/${record.partition}/${record.offset}`,
  };
  const place = { topic: deadTopic(record.topic), key: storable(record.key ?? '') };
  const whole = { ...place, headers: { ...headers, ...reason }, value: asText(record.value) ?? asBytes(record.value) };
  if (bytesOf(whole) <= MAX_RECORD_BYTES) return whole;
  return { ...place, headers: { ...reason, vafa_value: 'too large, see the dead letter' }, value: null };
};

/** Keys of a topic that later events must wait behind. */
export const waitingKeys = async (
  tx: Tx,
  group: string,
  topic: string,
  keys: readonly string[],
): Promise<Set<string>> => {
  const rows = await tx<{ key: string }[]>`select distinct key from dead_letter
    where grp = ${group} and topic = ${topic} and status = 'waiting' and key = any(${[...keys]}::text[])`;
  return new Set(rows.map(({ key }) => key));
};

const COLUMNS = `id, grp, topic, partition, record_offset as "offset", key, headers, value, value_bytes as "valueBytes",
  event_id as "eventId", event_type as "eventType", status, error_code as "errorCode", error_message as "errorMessage",
  attempts, first_seen_at as "firstSeenAt", last_attempt_at as "lastAttemptAt", next_attempt_at as "nextAttemptAt"`;

/** Newest first. `limit` is capped at 1,000. */
export const listDeadLetters = (
  sql: Queryable,
  filter: { status?: DeadLetterStatus; topic?: string; code?: string; limit?: number; beforeId?: number },
): Promise<DeadLetter[]> =>
  sql<DeadLetter[]>`select ${sql.unsafe(COLUMNS)} from dead_letter
    where (${filter.status ?? null}::text is null or status = ${filter.status ?? null})
      and (${filter.topic ?? null}::text is null or topic = ${filter.topic ?? null})
      and (${filter.code ?? null}::text is null or error_code = ${filter.code ?? null})
      and (${filter.beforeId ?? null}::bigint is null or id < ${filter.beforeId ?? null})
    order by id desc limit ${Math.min(filter.limit ?? 50, 1_000)}`;

export const findDeadLetter = async (sql: Queryable, id: number): Promise<DeadLetter | undefined> => {
  const [row] = await sql<DeadLetter[]>`select ${sql.unsafe(COLUMNS)} from dead_letter where id = ${id}`;
  return row;
};

/** Hands parked letters back to the service, which tries them within a second or so, in order. Returns how many. */
export const retryDeadLetters = async (sql: Queryable, ids: readonly number[]): Promise<number> => {
  const rows = await sql`update dead_letter set status = 'waiting', next_attempt_at = '-infinity', first_seen_at = now()
    where id = any(${[...ids]}::bigint[]) and status = 'parked' returning id`;
  return rows.length;
};

/** Gives letters up for good; they stay on record. Returns how many. */
export const discardDeadLetters = async (sql: Queryable, ids: readonly number[]): Promise<number> => {
  const rows = await sql`update dead_letter set status = 'discarded', next_attempt_at = null
    where id = any(${[...ids]}::bigint[]) and status in ('parked', 'waiting') returning id`;
  return rows.length;
};
