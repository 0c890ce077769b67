import type { BatchHandler, EventBus, InRecord, SubscribeOptions } from '@vafa/bus';
import type { Source } from './feed-purchases.ts';

export interface OpenLoadFigures {
  offeredPerSecond: number;
  handledPerSecond: number;
  meanBatch: number;
  /** Milliseconds from arrival to commit. */
  p50Ms: number;
  p99Ms: number;
}

export interface OpenLoad extends EventBus {
  /** Lets records arrive at a steady rate, whether or not the subscriber keeps up. */
  run(perSecond: number, seconds: number): Promise<OpenLoadFigures>;
}

const TICK_MS = 1;
/** Arrivals of the first part of a run are not counted: plans and caches are warmed. */
const WARM_UP_SHARE = 0.2;

/**
 * A bus without a log to which records come by the clock: whoever is free takes what is there, so batches are small when
 * little comes and large when much does.
 */
export const createOpenLoad = ({ topic, partitions, make }: Source): OpenLoad => {
  const offsets = Array.from({ length: partitions }, () => 0n);
  let subscribed: { options: SubscribeOptions; handler: BatchHandler } | undefined;
  const signal = new AbortController().signal;

  const run = async (perSecond: number, seconds: number): Promise<OpenLoadFigures> => {
    if (!subscribed) throw new Error('nobody listens');
    const { handler, options: how } = subscribed;
    const queues: { record: InRecord; arrivedMs: number }[][] = Array.from({ length: partitions }, () => []);
    const begun = performance.now();
    const until = begun + seconds * 1_000;
    const counted = begun + seconds * 1_000 * WARM_UP_SHARE;
    const latencies: number[] = [];
    let [arrived, handled, batches, ended] = [0, 0, 0, false];

    const arrive = (): void => {
      const now = performance.now();
      const due = Math.floor(((Math.min(now, until) - begun) * perSecond) / 1_000);
      for (; arrived < due; arrived++) {
        const partition = arrived % partitions;
        const queue = queues[partition] as (typeof queues)[number];
        const offset = (offsets[partition] as bigint) + BigInt(queue.length);
        queue.push({ record: make(partition, offset), arrivedMs: now });
      }
      if (now >= until) ended = true;
      else setTimeout(arrive, TICK_MS);
    };
    const work = async (worker: number): Promise<void> => {
      for (
        let partition = worker;
        ;
        partition = partition + how.concurrency < partitions ? partition + how.concurrency : worker
      ) {
        const queue = queues[partition] as (typeof queues)[number];
        const taken = queue.slice(0, how.maxBatch);
        if (taken.length === 0) {
          const own = queues.filter((_, i) => i % how.concurrency === worker);
          if (own.every(({ length }) => length === 0)) {
            if (ended) return;
            await new Promise((resolve) => setTimeout(resolve, TICK_MS));
          }
          continue;
        }
        const from = offsets[partition] as bigint;
        const next = from + BigInt(taken.length);
        const records = taken.map(({ record }) => record);
        await handler({ topic, partition, records, readFrom: from, highWatermark: next, signal });
        // Those that came meanwhile were given offsets behind these.
        queue.splice(0, taken.length);
        offsets[partition] = next;
        const now = performance.now();
        handled += taken.length;
        batches += 1;
        for (const { arrivedMs } of taken) if (arrivedMs >= counted) latencies.push(now - arrivedMs);
      }
    };
    arrive();
    await Promise.all(Array.from({ length: how.concurrency }, (_, worker) => work(worker)));
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
    return {
      offeredPerSecond: perSecond,
      handledPerSecond: handled / ((performance.now() - begun) / 1_000),
      meanBatch: handled / batches,
      ...{ p50Ms: at(0.5), p99Ms: at(0.99) },
    };
  };

  return {
    kind: 'postgres-log',
    run,
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
  };
};
