import { type Log, messageOf } from '@vafa/kernel';
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { BatchHandler, InRecord, SubscribeOptions } from '../port.ts';
import { backOffMs, sleep } from '../sleep.ts';
import { toRecord } from './to-record.ts';

/** The time between two rebalances of the group. */
export interface Generation {
  /** Aborted when the next one begins: what is in hand may belong to another member now. */
  readonly signal: AbortSignal;
  /** Per partition: everything below was handed over, or the log has nothing there. */
  readonly reached: Map<string, bigint>;
  renew(): void;
}

export interface EachBatchDeps {
  options: SubscribeOptions;
  handler: BatchHandler;
  consumer: Consumer;
  generation: Generation;
  stopping: AbortSignal;
  sessionTimeoutMs: number;
  log: Log;
}

/** Errors of the client itself (rebalance in progress, coordinator moved …) are its to handle. */
const isKafkaError = (error: unknown): boolean => error instanceof Error && error.name.startsWith('KafkaJS');
const nameOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;

/** Where the fetch began; kafkajs keeps it on the batch without telling in its types. */
const fetchedFrom = (batch: EachBatchPayload['batch']): bigint =>
  BigInt((batch as unknown as { fetchedOffset: string }).fetchedOffset);

/** Heartbeats go on while a slice takes long; without them a slow handler is reprocessed for ever (kafkajs #447). */
const withHeartbeats = async <T>(payload: EachBatchPayload, everyMs: number, work: Promise<T>): Promise<T> => {
  const beat = setInterval(() => {
    // Its failure shows again at the heartbeat after the slice, where kafkajs hears of it.
    payload.heartbeat().catch(() => undefined);
  }, everyMs);
  try {
    return await work;
  } finally {
    clearInterval(beat);
  }
};

/**
 * Makes the function that kafkajs calls with what it fetched of one partition. It hands slices over and commits after each.
 * Only errors of kafkajs itself leave it: any TypeError, SyntaxError … of ours would kill its consumer for good while the
 * process lives on, and any other error of ours would make it start over without end.
 */
export const createEachBatch = (deps: EachBatchDeps) => {
  const { options, handler, consumer, generation, stopping, sessionTimeoutMs, log } = deps;
  const { group, maxBatch } = options;
  const beatMs = Math.floor(sessionTimeoutMs / 4);
  const failures = new Map<string, number>();

  const handleSlice = async (
    payload: EachBatchPayload,
    messages: KafkaMessage[],
    signal: AbortSignal,
  ): Promise<'next' | 'leave'> => {
    const begun = generation.signal;
    const { topic, partition, highWatermark } = payload.batch;
    const name = nameOf(payload.batch);
    const records = messages.map((message) => toRecord(topic, partition, message));
    const last = records.at(-1) as InRecord;
    const end = BigInt(highWatermark);
    const batch = {
      topic,
      partition,
      records,
      readFrom: generation.reached.get(name) ?? fetchedFrom(payload.batch),
      highWatermark: end > last.offset ? end : last.offset + 1n,
      signal,
    };
    const outcome = await withHeartbeats(payload, beatMs, handler(batch));
    // Where reading stands is another matter in the new generation. What was handled may come again: the fence drops it.
    if (generation.signal !== begun) return 'leave';
    if (outcome.kind === 'seek') {
      generation.reached.set(name, outcome.offset);
      consumer.seek({ topic, partition, offset: outcome.offset.toString() });
      return 'leave';
    }
    const next = last.offset + 1n;
    generation.reached.set(name, next);
    payload.resolveOffset(last.offset.toString());
    // With autoCommit off and no argument this call commits nothing: offsets are given outright.
    await payload.commitOffsetsIfNecessary({
      topics: [{ topic, partitions: [{ partition, offset: next.toString() }] }],
    });
    await payload.heartbeat();
    return 'next';
  };

  /** What is not resolved is fetched again. */
  const onFailure = async (payload: EachBatchPayload, error: unknown, signal: AbortSignal): Promise<void> => {
    if (stopping.aborted) return;
    if (isKafkaError(error)) throw error;
    if (signal.aborted) return;
    const name = nameOf(payload.batch);
    const count = (failures.get(name) ?? 0) + 1;
    failures.set(name, count);
    log.warn({ group, partition: name, failures: count, err: messageOf(error) }, 'batch not handled, reading it again');
    await withHeartbeats(payload, beatMs, sleep(backOffMs(count), signal));
  };

  return async (payload: EachBatchPayload): Promise<void> => {
    const signal = AbortSignal.any([stopping, generation.signal]);
    const { messages } = payload.batch;
    for (let at = 0; at < messages.length; at += maxBatch) {
      if (!payload.isRunning() || payload.isStale() || signal.aborted) return;
      try {
        if ((await handleSlice(payload, messages.slice(at, at + maxBatch), signal)) === 'leave') return;
        failures.delete(nameOf(payload.batch));
      } catch (error) {
        return onFailure(payload, error, signal);
      }
    }
  };
};
