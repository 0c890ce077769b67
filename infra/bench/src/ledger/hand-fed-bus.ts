import type { BatchHandler, EventBus, InRecord, SubscribeOptions } from '@vafa/bus';
import type { Source } from './feed-purchases.ts';

export interface HandFedBus {
  bus: EventBus;
  /** Makes the next record of a partition. */
  next(partition: number): InRecord;
  /** Partitions that the subscriber wants to handle at the same time, and the most records it takes at once. */
  wishes(): { concurrency: number; maxBatch: number };
  /** Hands over records in the order in which they were made; resolves when they are committed. */
  deliver(partition: number, records: InRecord[]): Promise<void>;
}

/**
 * A bus without a log, for one subscriber to one topic: it hears what it is handed, so that what is measured is the consumer
 * alone. What is published is refused by never being taken: nothing in a bench of the consumer publishes.
 */
export const createHandFedBus = ({ topic, partitions, make }: Source): HandFedBus => {
  const made = Array.from({ length: partitions }, () => 0n);
  const offsets = Array.from({ length: partitions }, () => 0n);
  const signal = new AbortController().signal;
  let subscribed: { options: SubscribeOptions; handler: BatchHandler } | undefined;
  const subscriber = () => {
    if (!subscribed) throw new Error('nobody listens');
    return subscribed;
  };

  return {
    wishes: () => {
      const { concurrency, maxBatch } = subscriber().options;
      return { concurrency: Math.min(concurrency, partitions), maxBatch };
    },
    next: (partition) => {
      const offset = made[partition] as bigint;
      made[partition] = offset + 1n;
      return make(partition, offset);
    },
    deliver: async (partition, records) => {
      const from = offsets[partition] as bigint;
      const next = from + BigInt(records.length);
      const outcome = await subscriber().handler({
        ...{ topic, partition, records, readFrom: from, highWatermark: next, signal },
      });
      if (outcome.kind !== 'done') throw new Error('the consumer wants to go back');
      offsets[partition] = next;
    },
    bus: {
      kind: 'postgres-log',
      publish: () => new Promise(() => undefined),
      ensureTopics: async () => undefined,
      bounds: async (name) =>
        offsets.map((high, partition) => ({ partition, low: 0n, high: name === topic ? high : 0n })),
      lag: async () => [],
      close: async () => undefined,
      subscribe: async (options, handler) => {
        subscribed = { options, handler };
        return { assigned: () => [], stop: async () => undefined };
      },
    },
  };
};

/** Partitions of a worker, round and round: each worker has its own, as the members of a group have. */
export const partitionsOf = (worker: number, workers: number, partitions: number): number[] =>
  Array.from({ length: partitions }, (_, partition) => partition).filter((each) => each % workers === worker);
