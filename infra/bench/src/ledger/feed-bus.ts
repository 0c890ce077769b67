import type { BatchHandler, EventBus, SubscribeOptions } from '@vafa/bus';
import type { Source } from './feed-purchases.ts';

export interface Feed extends EventBus {
  /** Hands over batches of every partition, as many at a time as the subscriber asked for, as long as it is wanted. */
  run(wanted: () => boolean): Promise<FeedFigures>;
}

export interface FeedFigures {
  records: number;
  seconds: number;
  /** Milliseconds from handing over a batch to its commit, ascending. */
  batchMs: number[];
}

/**
 * A bus without a log: records are made as they are handed over, so that what is measured is the consumer alone. What is
 * published is refused by never being taken: nothing in a bench of the consumer publishes.
 */
export const createFeed = ({ topic, partitions, make }: Source): Feed => {
  const offsets = Array.from({ length: partitions }, () => 0n);
  let subscribed: { options: SubscribeOptions; handler: BatchHandler } | undefined;
  const signal = new AbortController().signal;

  const handOver = async (partition: number): Promise<number> => {
    if (!subscribed) throw new Error('nobody listens');
    const from = offsets[partition] as bigint;
    const records = Array.from({ length: subscribed.options.maxBatch }, (_, i) => make(partition, from + BigInt(i)));
    const next = from + BigInt(records.length);
    const outcome = await subscribed.handler({
      ...{ topic, partition, records, readFrom: from, highWatermark: next, signal },
    });
    if (outcome.kind !== 'done') throw new Error('the consumer wants to go back');
    offsets[partition] = next;
    return records.length;
  };

  return {
    kind: 'postgres-log',
    publish: () => new Promise(() => undefined),
    ensureTopics: async () => undefined,
    bounds: async (name) =>
      offsets.map((high, partition) => ({ partition, low: 0n, high: name === topic ? high : 0n })),
    lag: async () => [],
    close: async () => undefined,
    subscribe: async (subscribeOptions, handler) => {
      subscribed = { options: subscribeOptions, handler };
      return { assigned: () => [], stop: async () => undefined };
    },
    run: async (wanted) => {
      const begun = performance.now();
      const batchMs: number[] = [];
      let records = 0;
      const concurrency = Math.min(subscribed?.options.concurrency ?? 1, partitions);
      // Each worker has partitions of its own, as the members of a group have.
      const work = async (worker: number): Promise<void> => {
        for (let partition = worker; wanted(); ) {
          const at = performance.now();
          const handed = await handOver(partition);
          records += handed;
          batchMs.push(performance.now() - at);
          partition = partition + concurrency < partitions ? partition + concurrency : worker;
        }
      };
      await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
      return { records, seconds: (performance.now() - begun) / 1_000, batchMs: batchMs.sort((a, b) => a - b) };
    },
  };
};

/** Tells, from now on, whether so many seconds are not over yet. */
export const forSeconds = (seconds: number): (() => boolean) => {
  const until = performance.now() + seconds * 1_000;
  return () => performance.now() < until;
};
