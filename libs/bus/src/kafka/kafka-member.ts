import { type Log, messageOf } from '@vafa/kernel';
import type { Consumer, ConsumerConfig, Kafka } from 'kafkajs';
import type { BusMetrics } from '../metrics.ts';
import type { BatchHandler, BusSubscription, SubscribeOptions } from '../port.ts';
import { sleep, within } from '../sleep.ts';
import { createEachBatch, type Generation } from './each-batch.ts';

export interface KafkaMemberDeps {
  kafka: Kafka;
  log: Log;
  metrics: BusMetrics;
  sessionTimeoutMs: number;
}

const consumerConfig = (groupId: string, sessionTimeoutMs: number): ConsumerConfig => ({
  groupId,
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 3)),
  rebalanceTimeout: Math.max(60_000, sessionTimeoutMs),
  // kafkajs bounds a fetch by bytes only; slices of `maxBatch` are cut from it.
  maxBytesPerPartition: 262_144,
  maxBytes: 2_097_152,
  maxWaitTimeInMs: 250,
  // A typo must not make a topic with one partition.
  allowAutoTopicCreation: false,
  // kafkajs would restart on its own for some errors and stay dead in silence for others: we end the process for all.
  retry: { retries: 8, restartOnFailure: async () => false },
});

/** Keeps the generation in step with the group. Returns what is assigned, and when the client last gave a sign of life. */
const followGroup = (consumer: Consumer, generation: Generation, onRebalance: () => void) => {
  const state = { assigned: [] as { topic: string; partition: number }[], lastSignMs: Date.now() };
  const { REBALANCING, GROUP_JOIN, HEARTBEAT, FETCH, END_BATCH_PROCESS } = consumer.events;
  consumer.on(REBALANCING, () => {
    onRebalance();
    generation.renew();
  });
  // A member that was away for too long joins anew without REBALANCING: what it had in hand is somebody else's by now.
  consumer.on(GROUP_JOIN, ({ payload }) => {
    generation.renew();
    state.lastSignMs = Date.now();
    state.assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  });
  for (const sign of [HEARTBEAT, FETCH, END_BATCH_PROCESS])
    consumer.on(sign, () => {
      state.lastSignMs = Date.now();
    });
  return state;
};

const createGeneration = (): Generation => {
  let current = new AbortController();
  const reached = new Map<string, bigint>();
  return {
    reached,
    get signal() {
      return current.signal;
    },
    renew: () => {
      current.abort();
      current = new AbortController();
      reached.clear();
    },
  };
};

/** One try to become a member. Every setting here answers a measured trap of kafkajs 2.2.4. */
const joinOnce = async (
  deps: KafkaMemberDeps,
  options: SubscribeOptions,
  handler: BatchHandler,
): Promise<BusSubscription> => {
  const { kafka, log, metrics, sessionTimeoutMs } = deps;
  const { group, topics, concurrency } = options;
  const stopping = new AbortController();
  const generation = createGeneration();
  const consumer = kafka.consumer(consumerConfig(group, sessionTimeoutMs));
  const state = followGroup(consumer, generation, () => metrics.rebalances.inc({ group }));

  let crash: unknown;
  let running = false;
  const die = (error: unknown): void => {
    clearInterval(watchdog);
    if (crash !== undefined || stopping.signal.aborted) return;
    crash = error;
    if (running) options.onFatal(error);
  };
  consumer.on(consumer.events.CRASH, ({ payload }) => die(payload.error));
  // A consumer can hang in silence after trouble with brokers (kafkajs #659, #1441): no sign of life is fatal.
  const watchdog = setInterval(() => {
    if (Date.now() - state.lastSignMs > 2 * sessionTimeoutMs)
      die(new Error(`group ${group}: the Kafka client shows no sign of life`));
  }, sessionTimeoutMs / 2);
  watchdog.unref();

  const stop = async (deadlineMs: number): Promise<void> => {
    clearInterval(watchdog);
    // Drain first, leave after: a batch in hand commits its offset, so the next owner does not see it again.
    stopping.abort();
    const leaving = consumer
      .disconnect()
      .catch((error: unknown) => log.warn({ group, err: messageOf(error) }, 'consumer did not disconnect cleanly'));
    if (!(await within(deadlineMs, leaving))) log.warn({ group, deadlineMs }, 'consumer did not stop in time');
  };

  try {
    await consumer.connect();
    // An unknown or expired offset must mean "from the beginning": the end would be silent loss. The fence absorbs repeats.
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: concurrency,
      eachBatch: createEachBatch({ ...deps, options, handler, consumer, generation, stopping: stopping.signal }),
    });
    // When joining fails, run() resolves all the same and only the event tells.
    if (crash !== undefined) throw crash;
  } catch (error) {
    await stop(sessionTimeoutMs);
    throw error;
  }
  running = true;
  return { assigned: () => state.assigned, stop };
};

/** A broker that has just started loads its groups for seconds, longer than kafkajs tries. */
const JOIN_LIMIT_MS = 60_000;
const JOIN_PAUSE_MS = 500;

const isRetriable = (error: unknown): boolean => (error as { retriable?: boolean } | null)?.retriable === true;

/**
 * One member of a consumer group. Tries for a minute where the broker says that it is only not ready.
 * @throws what kafkajs throws when the group can't be joined
 */
export const startKafkaMember = async (
  deps: KafkaMemberDeps,
  options: SubscribeOptions,
  handler: BatchHandler,
): Promise<BusSubscription> => {
  const until = performance.now() + JOIN_LIMIT_MS;
  for (;;) {
    try {
      return await joinOnce(deps, options, handler);
    } catch (error) {
      if (!isRetriable(error) || performance.now() > until) throw error;
      deps.log.info({ group: options.group, err: messageOf(error) }, 'the broker is not ready, joining again');
      await sleep(JOIN_PAUSE_MS);
    }
  }
};
