import { type Decoded, decodeEvent, type EventEnvelope } from '@vafa/contracts';
import { AppError, type Clock, type FieldProblem, type Log } from '@vafa/kernel';
import { type Parking, park, waitingKeys } from '../dead-letters/store.ts';
import { classify, reasonOf } from '../errors.ts';
import type { BusMetrics } from '../metrics.ts';
import type { BatchOutcome, EventBus, InRecord, RecordBatch } from '../port.ts';
import { backOffMs, sleep } from '../sleep.ts';
import type { Sql, Tx } from '../sql.ts';
import { advanceFence, lockFence } from './fence.ts';
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
  /** How far ahead of our clock an event may claim to have happened. */
  futureToleranceMs: number;
}

/** Tries of a batch whose error we can't place, before it is halved. */
const UNSURE_TRIES = 3;
const FIRST_WAIT = { milliseconds: 500 };

interface Entry {
  record: InRecord;
  decoded: Decoded | { ok: false; problem: { code: string; message: string; problems?: FieldProblem[] } };
}

/** The log begins beyond where we are: seek back, or records are gone for good. */
class FenceGap extends Error {
  readonly expected: bigint;
  constructor(expected: bigint) {
    super(`records from offset ${expected} on are missing`);
    this.expected = expected;
  }
}

/**
 * Makes the function that the bus calls with batches of one topic: fence, decode, handle, park, advance, in one
 * transaction; what fails is retried, halved or parked by our own rules, so that no error ever reaches the bus client
 * (unless we are told to stop).
 */
export const createDeliver = (deps: DeliverDeps, subscription: Subscription) => {
  const { group, sql, clock, log, metrics } = deps;
  const topic = subscription.topic.name;
  const labels = { group, topic };
  /** Gaps that were sought back to once already: what is missing there is really gone. */
  const soughtBack = new Map<number, bigint>();

  const decode = (record: InRecord): Entry => {
    const decoded = decodeEvent(record);
    if (!decoded.ok) return { record, decoded };
    const limit = clock.now().epochMilliseconds + deps.futureToleranceMs;
    if (Date.parse(decoded.event.time) <= limit) return { record, decoded };
    const problem = { code: 'contracts.invalid_time' as const, message: 'the event claims to happen in the future' };
    return { record, decoded: { ok: false, problem } };
  };

  const handleInOrder = async (tx: Tx, entries: readonly Entry[], partition: number): Promise<Parking[]> => {
    const now = clock.now();
    const parkings: Parking[] = [];
    const blocked =
      subscription.order === 'key'
        ? await waitingKeys(tx, group, topic, [...new Set(entries.map(({ record }) => record.key ?? ''))])
        : new Set<string>();
    const recordOf = new Map<EventEnvelope, InRecord>();
    for (const { record, decoded } of entries) {
      if (!decoded.ok) {
        const detail = (decoded.problem.problems ?? []).map(({ path, message }) => `${path || '/'} ${message}`);
        const message = [decoded.problem.message, ...detail].join('; ').slice(0, 2000);
        parkings.push({ record, status: 'parked', code: decoded.problem.code, message });
      } else if (subscription.ignores.includes(decoded.event.type)) {
        // Named as ignored by the service: nothing to do.
      } else if (blocked.has(record.key ?? '')) {
        const message = 'an earlier event of this customer waits';
        parkings.push({ record, status: 'waiting', code: 'bus.behind', message, nextAttemptAt: now });
      } else recordOf.set(decoded.event, record);
    }
    if (recordOf.size === 0) return parkings;
    const events = [...recordOf.keys()];
    const result = await subscription.handler(tx, events, { group, topic, partition, now });
    for (const { event, error } of result?.refused ?? []) {
      const record = recordOf.get(event) as InRecord;
      parkings.push({ record, status: 'parked', ...reasonOf(error) });
    }
    for (const { event, error } of result?.notReady ?? []) {
      const record = recordOf.get(event) as InRecord;
      const nextAttemptAt = now.add(FIRST_WAIT);
      parkings.push({ record, status: 'waiting', ...reasonOf(error), nextAttemptAt });
    }
    return parkings;
  };

  /** One slice in one transaction. */
  const transact = async (entries: readonly Entry[], partition: number, acceptGap: boolean): Promise<void> => {
    const parked = await sql.begin(async (tx) => {
      const next = await lockFence(tx, group, topic, partition);
      const fresh = entries.filter(({ record }) => record.offset >= next);
      if (fresh.length < entries.length) metrics.fenceDropped.inc(labels, entries.length - fresh.length);
      const first = fresh[0];
      if (!first) return [];
      if (first.record.offset > next && !acceptGap) throw new FenceGap(next);
      const parkings = await handleInOrder(tx, fresh, partition);
      if (parkings.length > 0) await park(tx, group, parkings, clock.now());
      await advanceFence(tx, group, topic, partition, (fresh.at(-1) as Entry).record.offset + 1n);
      return parkings;
    });
    deps.afterCommit();
    for (const { status, code, record } of parked) {
      metrics.deadLetters.inc({ ...labels, status, code });
      if (code !== 'bus.behind')
        log.warn({ group, topic, partition, offset: String(record.offset), status, code }, 'event set aside');
    }
  };

  const asPoison = (entry: Entry, error: unknown): Entry => {
    const { code, message } = reasonOf(error);
    log.error({ group, topic, offset: String(entry.record.offset), code, err: error }, 'poison event parked');
    return { record: entry.record, decoded: { ok: false, problem: { code, message } } };
  };

  /** Retries, halves or parks until the slice is behind us. */
  const settle = async (
    entries: readonly Entry[],
    batch: RecordBatch,
    acceptGap: boolean,
    tries: number,
  ): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transact(entries, batch.partition, acceptGap);
      } catch (error) {
        if (error instanceof FenceGap || batch.signal.aborted) throw error;
        const failure = classify(error);
        metrics.failures.inc({ ...labels, class: failure });
        if (failure === 'infrastructure' || (failure === 'unsure' && attempt < tries)) {
          log.warn({ group, topic, partition: batch.partition, attempt, err: error }, 'batch failed, trying again');
          await sleep(backOffMs(attempt), batch.signal);
          if (batch.signal.aborted) throw error;
          continue;
        }
        const [only] = entries;
        if (entries.length === 1 && only) {
          return settle([asPoison(only, error)], batch, acceptGap, tries);
        }
        const middle = Math.ceil(entries.length / 2);
        await settle(entries.slice(0, middle), batch, acceptGap, 1);
        return settle(entries.slice(middle), batch, true, 1);
      }
    }
  };

  const onGap = async (batch: RecordBatch, expected: bigint): Promise<bigint | undefined> => {
    const bounds = (await deps.bus.bounds(topic)).find(({ partition }) => partition === batch.partition);
    const low = bounds?.low ?? 0n;
    if (low <= expected && soughtBack.get(batch.partition) !== expected) {
      soughtBack.set(batch.partition, expected);
      log.warn(
        { group, topic, partition: batch.partition, expected: String(expected) },
        'offset ran ahead, seeking back',
      );
      return expected;
    }
    if (expected > 0n) {
      metrics.gaps.inc(labels);
      log.error(
        {
          group,
          topic,
          partition: batch.partition,
          expected: String(expected),
          found: String(batch.records[0]?.offset),
        },
        'records were removed from the log before they were handled',
      );
    }
    return undefined;
  };

  return async (batch: RecordBatch): Promise<BatchOutcome> => {
    const end = metrics.batchSeconds.startTimer(labels);
    const entries = batch.records.map(decode);
    try {
      await settle(entries, batch, false, UNSURE_TRIES);
    } catch (error) {
      if (!(error instanceof FenceGap)) throw error;
      const offset = await onGap(batch, error.expected);
      if (offset !== undefined) return { kind: 'seek', offset };
      await settle(entries, batch, true, UNSURE_TRIES);
    }
    end();
    const last = batch.records.at(-1);
    metrics.batchRecords.observe(labels, batch.records.length);
    metrics.handled.inc(labels, batch.records.length);
    if (last) {
      metrics.lag.set({ ...labels, partition: batch.partition }, Number(batch.highWatermark - last.offset - 1n));
      metrics.timeLagSeconds.set(labels, Math.max(0, (Date.now() - last.timestampMs) / 1000));
    }
    return { kind: 'done' };
  };
};

/** An error for events that must wait for something else to arrive first. */
export const notReady = (code: string, message: string): AppError => new AppError('unavailable', code, message);
