import type { Subscription } from '@vafa/bus';
import { createBusMetrics, type EventBus, type InRecord, type RecordBatch, type Sql, startConsumer } from '@vafa/bus';
import { type EventEnvelope, encodeEvent, type Topic } from '@vafa/contracts';
import { type Clock, type Log, present } from '@vafa/kernel';
import { Registry } from 'prom-client';

/** Records in a row with the batch that come again with it, handled before: the bus only remembers what it was told. */
const OLD_RECORDS = 2;

export interface HandDelivery {
  /** Appends events to the topic's log. Returns what delivers them, as often as it is called. */
  append(topic: Topic, events: readonly EventEnvelope[]): (lost: AbortSignal) => Promise<void>;
}

/**
 * The consumer of a service, with its fence and all, that is handed its batches by the test instead of a bus. Each topic has one
 * partition here, so that all customers are in one batch.
 */
export const startHandDelivery = async (
  sql: Sql,
  subscriptions: readonly Subscription[],
  { clock, log }: { clock: Clock; log: Log },
): Promise<HandDelivery> => {
  const topics = new Map<string, InRecord[]>();
  const recordsOf = (topic: string): InRecord[] => {
    const found = topics.get(topic) ?? [];
    topics.set(topic, found);
    return found;
  };
  let handle: Parameters<EventBus['subscribe']>[1] | undefined;
  const bus: EventBus = {
    kind: 'postgres-log',
    publish: () => Promise.reject(new Error('nobody publishes here')),
    subscribe: async (_options, handler) => {
      handle = handler;
      return { stop: async () => undefined, assigned: () => [] };
    },
    ensureTopics: async () => undefined,
    bounds: async (topic) => [{ partition: 0, low: 0n, high: BigInt(recordsOf(topic).length) }],
    lag: async () => [],
    close: async () => undefined,
  };
  await startConsumer({
    ...{ group: 'by-hand', subscriptions, sql, bus, clock, log },
    ...{ metrics: createBusMetrics(new Registry()), afterCommit: () => undefined },
    onFatal: (error) => {
      throw error;
    },
    ...{ maxBatch: 500, concurrency: 1, futureToleranceMs: 300_000, patienceMs: 60_000 },
  });
  return {
    append: (topic, events) => {
      const all = recordsOf(topic.name);
      const first = Math.max(0, all.length - OLD_RECORDS);
      for (const event of events)
        all.push({ ...encodeEvent(event), partition: 0, offset: BigInt(all.length), timestampMs: 0 });
      const records = all.slice(first);
      const place = { topic: topic.name, partition: 0, readFrom: BigInt(first), highWatermark: BigInt(all.length) };
      return async (signal) => {
        const batch: RecordBatch = { ...place, records, signal };
        const outcome = await present(handle, 'handler of the consumer')(batch);
        if (outcome.kind !== 'done') throw new Error('the consumer wants to read from another place');
      };
    },
  };
};
