import type { EventBus } from '@vafa/bus';
import type { Source } from './feed-purchases.ts';
import { createHandFedBus, partitionsOf } from './hand-fed-bus.ts';

export interface Feed extends EventBus {
  /** Hands over batches of every partition, as many at a time as the subscriber asked for, as long as it is wanted. */
  run(wanted: () => boolean | Promise<boolean>): Promise<FeedFigures>;
}

export interface FeedFigures {
  records: number;
  seconds: number;
  /** Milliseconds from handing over a batch to its commit. */
  batchMs: number[];
}

/** A closed load: full batches, the next one of a partition as soon as the last is committed. */
export const createFeed = (source: Source): Feed => {
  const { partitions } = source;
  const { bus, wishes, next, deliver } = createHandFedBus(source);

  const run: Feed['run'] = async (wanted) => {
    const { concurrency, maxBatch } = wishes();
    const begun = performance.now();
    const batchMs: number[] = [];
    const work = async (worker: number): Promise<void> => {
      const own = partitionsOf(worker, concurrency, partitions);
      for (let turn = 0; await wanted(); turn++) {
        const partition = own[turn % own.length] as number;
        const records = Array.from({ length: maxBatch }, () => next(partition));
        const at = performance.now();
        await deliver(partition, records);
        batchMs.push(performance.now() - at);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
    const seconds = (performance.now() - begun) / 1_000;
    return { records: batchMs.length * maxBatch, seconds, batchMs };
  };
  return { ...bus, run };
};

/** Tells, from now on, whether so many seconds are not over yet. */
export const forSeconds = (seconds: number): (() => boolean) => {
  const until = performance.now() + seconds * 1_000;
  return () => performance.now() < until;
};
