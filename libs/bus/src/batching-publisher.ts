import { AppError } from '@vafa/kernel';
import type { OutRecord } from './port.ts';

interface Waiting {
  records: readonly OutRecord[];
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Gathers concurrent publishes into one send at a time: while one is on its way the next ones queue up and go together
 * (group commit without a timer: small batches when idle, large ones under load). Order of calls is kept.
 */
export const createBatchingPublisher = (options: {
  send: (records: readonly OutRecord[]) => Promise<void>;
  maxRecords: number;
  /** Records that may wait; beyond it callers are refused, which tells them to slow down. */
  maxQueued: number;
}) => {
  const { send, maxRecords, maxQueued } = options;
  let queue: Waiting[] = [];
  let queued = 0;
  let running: Promise<void> | undefined;
  let closed = false;

  const takePortion = (): Waiting[] => {
    let size = 0;
    let count = 0;
    for (const { records } of queue) {
      if (count > 0 && size + records.length > maxRecords) break;
      size += records.length;
      count += 1;
    }
    const portion = queue.slice(0, count);
    queue = queue.slice(count);
    queued -= size;
    return portion;
  };

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const portion = takePortion();
      try {
        await send(
          portion.length === 1 ? (portion[0] as Waiting).records : portion.flatMap(({ records }) => [...records]),
        );
        for (const { done } of portion) done();
      } catch (error) {
        for (const { failed } of portion) failed(error);
      }
    }
    running = undefined;
  };

  return {
    /** @throws AppError unavailable when too much waits or the bus is closing; whatever `send` throws */
    publish: (records: readonly OutRecord[]): Promise<void> => {
      if (records.length === 0) return Promise.resolve();
      if (closed)
        return Promise.reject(
          new AppError('unavailable', 'bus.closing', 'the bus is closing', { retryAfterSeconds: 1 }),
        );
      if (queued + records.length > maxQueued && queued > 0)
        return Promise.reject(
          new AppError('unavailable', 'bus.overloaded', 'too many records wait to be published', {
            retryAfterSeconds: 1,
          }),
        );
      return new Promise((done, failed) => {
        queue.push({ records, done, failed });
        queued += records.length;
        running ??= drain();
      });
    },
    close: async (): Promise<void> => {
      closed = true;
      await running;
    },
  };
};
