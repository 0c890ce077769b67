import { type EventEnvelope, encodeEvent } from '@vafa/contracts';
import { textArray } from '../array-literal.ts';
import type { OutRecord } from '../port.ts';
import type { Tx } from '../sql.ts';

/**
 * Writes events into the outbox of the service whose transaction it is; the relay publishes them after the commit, in
 * order of writing. Lock the customer's rows before calling it: the order of one customer's events rests on that.
 */
export const emit = (tx: Tx, events: readonly EventEnvelope[]): Promise<void> =>
  emitRecords(tx, events.map(encodeEvent));

/** As `emit`, for records that are no events of ours (dead letters). */
export const emitRecords = async (tx: Tx, records: readonly OutRecord[]): Promise<void> => {
  if (records.length === 0) return;
  await tx`insert into outbox (topic, key, headers, value, value_bytes)
    select * from unnest(
      ${textArray(records.map(({ topic }) => topic))}::text[], ${textArray(records.map(({ key }) => key))}::text[],
      ${textArray(records.map(({ headers }) => JSON.stringify(headers)))}::text[],
      ${textArray(records.map(({ value }) => (typeof value === 'string' ? value : null)))}::text[],
      ${records.map(({ value }) => (value instanceof Buffer ? value : null))}::bytea[])`;
};
