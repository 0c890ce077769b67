import type { Log } from '@vafa/kernel';
import { messageOf } from '@vafa/kernel';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { BusMetrics } from '../metrics.ts';
import type { BatchHandler, BusSubscription, InRecord, SubscribeOptions } from '../port.ts';
import { backOffMs, sleep } from '../sleep.ts';

export interface KafkaMemberDeps {
  kafka: Kafka;
  log: Log;
  metrics: BusMetrics;
  sessionTimeoutMs: number;
}

/** What kafkajs hands over per partition and fetch; slices of `maxBatch` are cut from it. */
const MAX_BYTES_PER_PARTITION = 262_144;
const MAX_BYTES = 2_097_152;

const headerText = (value: Buffer | string | (Buffer | string)[] | undefined): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : first.toString();
};

const toRecord = (topic: string, partition: number, message: KafkaMessage): InRecord => ({
  topic,
  partition,
  offset: BigInt(message.offset),
  key: message.key?.toString() ?? null,
  headers: Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, headerText(value)])),
  value: message.value,
  timestampMs: Number(message.timestamp),
});

/** One member of a consumer group. Every setting here answers a measured trap of kafkajs 2.2.4. */
export const startKafkaMember = async (
  deps: KafkaMemberDeps,
  options: SubscribeOptions,
  handler: BatchHandler,
): Promise<BusSubscription> => {
  const { kafka, log, metrics, sessionTimeoutMs } = deps;
  const { group, topics, maxBatch, concurrency, onFatal } = options;
  const stopping = new AbortController();
  const busy = new Set<Promise<void>>();
  /** Aborted when the group is rebalanced: what is in hand may belong to somebody else now. */
  let generation = new AbortController();
  let assigned: { topic: string; partition: number }[] = [];
  let lastSign = Date.now();

  const consumer: Consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 3)),
    rebalanceTimeout: Math.max(60_000, sessionTimeoutMs),
    maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
    maxBytes: MAX_BYTES,
    maxWaitTimeInMs: 250,
    // A typo must not make a topic with one partition.
    allowAutoTopicCreation: false,
    // kafkajs would restart on its own for some errors and stay dead in silence for others: we end the process for all.
    retry: { retries: 8, restartOnFailure: async () => false },
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!stopping.signal.aborted) onFatal(payload.error);
  });
  consumer.on(consumer.events.REBALANCING, () => {
    metrics.rebalances.inc({ group });
    generation.abort();
    generation = new AbortController();
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    lastSign = Date.now();
    assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  });
  for (const sign of [consumer.events.HEARTBEAT, consumer.events.FETCH, consumer.events.END_BATCH_PROCESS])
    consumer.on(sign, () => {
      lastSign = Date.now();
    });

  // A consumer can hang in silence after trouble with brokers (kafkajs #659, #1441): no sign of life is fatal.
  const watchdog = setInterval(() => {
    if (Date.now() - lastSign > 2 * sessionTimeoutMs)
      onFatal(new Error(`group ${group}: the Kafka client shows no sign of life`));
  }, sessionTimeoutMs / 2);
  watchdog.unref();

  /** Heartbeats go on while a slice takes long; without them a slow handler is reprocessed for ever (kafkajs #447). */
  const withHeartbeats = async <T>(payload: EachBatchPayload, work: Promise<T>): Promise<T> => {
    let lost: unknown;
    const beat = setInterval(
      () => {
        payload.heartbeat().catch((error: unknown) => {
          lost = error;
        });
      },
      Math.floor(sessionTimeoutMs / 4),
    );
    try {
      return await work;
    } finally {
      clearInterval(beat);
      if (lost !== undefined) log.warn({ group, err: messageOf(lost) }, 'heartbeat failed, the partition may be lost');
    }
  };

  const handleSlice = async (
    payload: EachBatchPayload,
    messages: KafkaMessage[],
    signal: AbortSignal,
  ): Promise<'next' | 'sought'> => {
    const { batch, resolveOffset, commitOffsetsIfNecessary } = payload;
    const { topic, partition } = batch;
    const records = messages.map((message) => toRecord(topic, partition, message));
    const last = records.at(-1) as InRecord;
    const high = BigInt(batch.highWatermark);
    const outcome = await withHeartbeats(
      payload,
      handler({
        topic,
        partition,
        records,
        readFrom: (records[0] as InRecord).offset,
        highWatermark: high > last.offset ? high : last.offset + 1n,
        signal,
      }),
    );
    if (outcome.kind === 'seek') {
      consumer.seek({ topic, partition, offset: outcome.offset.toString() });
      return 'sought';
    }
    resolveOffset(last.offset.toString());
    // With autoCommit off and no argument this call commits nothing: offsets are given outright.
    const offset = (last.offset + 1n).toString();
    await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    await payload.heartbeat();
    return 'next';
  };

  const handleBatch = async (payload: EachBatchPayload): Promise<void> => {
    const signal = AbortSignal.any([stopping.signal, generation.signal]);
    const { messages } = payload.batch;
    for (let at = 0; at < messages.length; at += maxBatch) {
      if (!payload.isRunning() || payload.isStale() || signal.aborted) return;
      try {
        if ((await handleSlice(payload, messages.slice(at, at + maxBatch), signal)) === 'sought') return;
      } catch (error) {
        // Nothing of ours may reach kafkajs: a TypeError would kill its consumer for good while the process lives on.
        if (signal.aborted || stopping.signal.aborted) return;
        if (isKafkaError(error)) throw error;
        log.warn({ group, topic: payload.batch.topic, err: error }, 'batch not handled, reading it again');
        const first = messages[at] as KafkaMessage;
        await sleep(backOffMs(3), signal);
        consumer.seek({ topic: payload.batch.topic, partition: payload.batch.partition, offset: first.offset });
        return;
      }
    }
  };

  await consumer.connect();
  // An unknown or expired offset must mean "from the beginning": the end would be silent loss. The fence absorbs repeats.
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: concurrency,
    eachBatch: async (payload) => {
      const done = handleBatch(payload);
      const settled = done.catch(() => undefined);
      busy.add(settled);
      try {
        await done;
      } finally {
        busy.delete(settled);
      }
    },
  });

  return {
    assigned: () => assigned,
    stop: async (deadlineMs) => {
      clearInterval(watchdog);
      // Drain first, leave after: a batch in hand commits its offset, so the next owner does not see it again.
      const leaving = consumer.stop().then(() => consumer.disconnect());
      const limit = sleep(deadlineMs).then(() => 'late' as const);
      if ((await Promise.race([leaving, limit])) === 'late') {
        stopping.abort();
        await Promise.race([leaving, sleep(1_000)]);
      }
      stopping.abort();
    },
  };
};

/** Errors of the client itself (rebalance in progress, coordinator moved …) are its to handle. */
const isKafkaError = (error: unknown): boolean => error instanceof Error && error.name.startsWith('KafkaJS');
