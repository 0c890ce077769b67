import { AppError } from '@vafa/kernel';
import { createGather } from './gather.ts';
import type { OutRecord } from './port.ts';

interface Waiting {
  records: readonly OutRecord[];
  done: () => void;
  failed: (error: unknown) => void;
}

export interface BatchingPublisherOptions {
  /** Sends some records; they have been checked and fit the limits. */
  send: (records: readonly OutRecord[]) => Promise<void>;
  /** Most records per send. */
  maxRecords: number;
  /** Most bytes per send. */
  maxBytes: number;
  /** Largest record. */
  maxRecordBytes: number;
  /** Records that may wait; beyond it callers are refused, which tells them to slow down. */
  maxQueued: number;
}

/** What a record weighs on its way: the names of the headers are few and short. */
export const bytesOf = ({ key, headers, value }: OutRecord): number => {
  let bytes = Buffer.byteLength(key) + (value === null ? 0 : Buffer.byteLength(value));
  if (typeof headers === 'string') return bytes + Buffer.byteLength(headers);
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] as string);
  return bytes;
};

/**
 * Gathers concurrent publishes into one send at a time: while one is on its way the next ones queue up and go together
 * (see `createGather`). Order of calls is kept: what a failed send left behind of a call is not overtaken by a later part of
 * the same call.
 */
export const createBatchingPublisher = (options: BatchingPublisherOptions) => {
  const { send, maxRecords, maxBytes, maxRecordBytes, maxQueued } = options;
  let queued = 0;
  let closed = false;

  /** In pieces that fit one send, one after the other; a failure leaves the rest unsent. */
  const sendAll = async (records: readonly OutRecord[]): Promise<void> => {
    let from = 0;
    let bytes = 0;
    for (let to = 0; to < records.length; to++) {
      const more = bytesOf(records[to] as OutRecord);
      if (to > from && (to - from >= maxRecords || bytes + more > maxBytes)) {
        await send(records.slice(from, to));
        from = to;
        bytes = 0;
      }
      bytes += more;
    }
    await send(from === 0 ? records : records.slice(from));
  };

  const gather = createGather<Waiting>({
    places: 1,
    most: maxRecords,
    weigh: ({ records }) => records.length,
    run: async (portion) => {
      const records = portion.length === 1 ? (portion[0] as Waiting).records : portion.flatMap((each) => each.records);
      queued -= records.length;
      try {
        await sendAll(records);
        for (const { done } of portion) done();
      } catch (error) {
        for (const { failed } of portion) failed(error);
      }
    },
  });

  /** One caller's record that can never be sent must not fail the others that would travel with it. */
  const check = (records: readonly OutRecord[]): void => {
    for (const record of records) {
      if (record.key.includes('\u0000'))
        throw new AppError('invalid', 'bus.invalid_key', 'a record key must not hold NUL');
      if (bytesOf(record) > maxRecordBytes)
        throw new AppError('invalid', 'bus.record_too_large', `a record is larger than ${maxRecordBytes} bytes`);
    }
  };

  const later = (code: string, message: string): AppError =>
    new AppError('unavailable', code, message, { retryAfterSeconds: 1 });

  return {
    /**
     * @throws AppError unavailable when too much waits or the bus is closing, invalid when a record can't be sent; whatever `send`
     * throws
     */
    publish: async (records: readonly OutRecord[]): Promise<void> => {
      if (records.length === 0) return;
      check(records);
      if (closed) throw later('bus.closing', 'the bus is closing');
      if (queued + records.length > maxQueued && queued > 0)
        throw later('bus.overloaded', 'too many records wait to be published');
      await new Promise<void>((done, failed) => {
        queued += records.length;
        gather.add({ records, done, failed });
      });
    },
    /** Refuses what comes from now on and waits for what was taken. */
    close: async (): Promise<void> => {
      closed = true;
      await gather.idle();
    },
  };
};
