import { type EventEnvelope, encodeEvent } from '@vafa/contracts';
import type { OutRecord } from '../port.ts';
import type { Tx } from '../sql.ts';
import { textList } from '../text-list.ts';

/**
 * Writes events into the outbox of the service whose transaction it is; the relay publishes them after the commit, in
 * order of writing. Lock the customer's rows before calling it: the order of one customer's events rests on that.
 */
export const emit = (tx: Tx, events: readonly EventEnvelope[]): Promise<void> =>
  emitRecords(tx, events.map(encodeEvent));

/** As `emit`, for records that are no events of ours (dead letters). */
export const emitRecords = async (tx: Tx, records: readonly OutRecord[]): Promise<void> => {
  if (records.length === 0) return;
  const bytes = records.some(({ value }) => value instanceof Buffer)
    ? records.map(({ value }) => (value instanceof Buffer ? value : null))
    : null;
  // The condition gives the transaction its number before a row gets its id: the relay's floor rests on that.
  await tx`insert into outbox (topic, key, headers, value, value_bytes)
    select * from unnest(
      ${textList(
        tx,
        records.map(({ topic }) => topic),
      )}, ${textList(
        tx,
        records.map(({ key }) => key),
      )},
      ${textList(
        tx,
        records.map(({ headers }) => JSON.stringify(headers)),
      )},
      ${textList(
        tx,
        records.map(({ value }) => (typeof value === 'string' ? value : null)),
      )}, ${bytes}::bytea[])
    where pg_current_xact_id() is not null`;
};
