import type { Clock, Log } from '@vafa/kernel';
import { type Parking, park } from '../dead-letters/store.ts';
import type { BusMetrics } from '../metrics.ts';
import type { BatchOutcome, EventBus, RecordBatch } from '../port.ts';
import type { Sql } from '../sql.ts';
import { type Entry, readEntry } from './entry.ts';
import { advanceFence, lockFence } from './fence.ts';
import { handleInOrder } from './handle-in-order.ts';
import { createMisfitCheck, Misfit } from './misfit.ts';
import { createSettle } from './settle.ts';
import type { Subscription } from './subscription.ts';

export interface DeliverDeps {
  group: string;
  sql: Sql;
  bus: EventBus;
  clock: Clock;
  log: Log;
  metrics: BusMetrics;
  /** Called after each commit, so that the relay looks at once. */
  afterCommit: () => void;
  /** Called when the service can't go on. */
  onFatal: (error: unknown) => void;
  /** How far ahead of our clock an event may claim to have happened. */
  futureToleranceMs: number;
}

/** Misfits of a batch that were looked into and are all right. */
type Accepted = Set<Misfit['kind']>;

/**
 * Makes the function that handles entries in one transaction: fence, handle, park, advance. `rest` says that they are the
 * later half of a batch: it begins where the earlier one ended.
 * @throws Misfit unless it is accepted
 */
const createTransact = (deps: DeliverDeps, subscription: Subscription) => {
  const { group, sql, clock, log, metrics } = deps;
  const topic = subscription.topic.name;
  const labels = { group, topic };
  return async (entries: readonly Entry[], batch: RecordBatch, accepted: Accepted, rest: boolean): Promise<void> => {
    const { partition } = batch;
    const parked = await sql.begin(async (tx): Promise<Parking[]> => {
      const { next, anyWaiting } = await lockFence(tx, group, topic, partition);
      if (next > batch.highWatermark && !accepted.has('beyond_end')) throw new Misfit('beyond_end', next);
      const fresh = entries.filter(({ record }) => record.offset >= next);
      if (fresh.length < entries.length) metrics.fenceDropped.inc(labels, entries.length - fresh.length);
      const [first, last] = [fresh[0], fresh.at(-1)];
      if (!first || !last) return [];
      if (first.record.offset > next && !rest && !accepted.has('gap')) throw new Misfit('gap', next);
      const context = { group, topic, partition, now: clock.now() };
      const parkings = await handleInOrder(tx, subscription, fresh, context, anyWaiting);
      await park(tx, group, parkings, context.now);
      await advanceFence(tx, group, topic, partition, last.record.offset + 1n);
      return parkings;
    });
    deps.afterCommit();
    for (const { status, code, record } of parked) {
      metrics.deadLetters.inc({ ...labels, status, code });
      if (code !== 'bus.behind')
        log.warn({ ...labels, partition, offset: String(record.offset), status, code }, 'event set aside');
    }
  };
};

/**
 * Makes the function that the bus calls with batches of one topic. What fails is retried, halved or parked by our own
 * rules, so that no error ever reaches the bus client (unless we are told to stop).
 */
export const createDeliver = (deps: DeliverDeps, subscription: Subscription) => {
  const { clock, metrics } = deps;
  const topic = subscription.topic.name;
  const labels = { group: deps.group, topic };
  const transact = createTransact(deps, subscription);
  const checkMisfit = createMisfitCheck({ ...deps, topic });

  const settleBatch = async (batch: RecordBatch, accepted: Accepted): Promise<void> => {
    const limitMs = clock.now().epochMilliseconds + deps.futureToleranceMs;
    const entries = batch.records.map((record) => readEntry(record, limitMs));
    const settle = createSettle({
      ...deps,
      topic,
      transact: (slice, rest) => transact(slice, batch, accepted, rest),
      isNews: (error) => error instanceof Misfit,
    });
    await settle(entries, batch.signal);
  };

  const observe = (batch: RecordBatch): void => {
    const last = batch.records.at(-1);
    metrics.batchRecords.observe(labels, batch.records.length);
    metrics.handled.inc(labels, batch.records.length);
    if (!last) return;
    metrics.lag.set({ ...labels, partition: batch.partition }, Number(batch.highWatermark - last.offset - 1n));
    metrics.timeLagSeconds.set(labels, Math.max(0, (Date.now() - last.timestampMs) / 1000));
  };

  return async (batch: RecordBatch): Promise<BatchOutcome> => {
    const end = metrics.batchSeconds.startTimer(labels);
    const accepted: Accepted = new Set();
    for (;;) {
      try {
        await settleBatch(batch, accepted);
        end();
        observe(batch);
        return { kind: 'done' };
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
        const offset = await checkMisfit(batch, error);
        if (offset !== undefined) return { kind: 'seek', offset };
        accepted.add(error.kind);
      }
    }
  };
};
