import type { EventBus, InRecord } from '@vafa/bus';
import { percentile } from '../percentile.ts';
import type { Source } from './feed-purchases.ts';
import { createHandFedBus, partitionsOf } from './hand-fed-bus.ts';

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

interface Arrival {
  record: InRecord;
  /** When it was due, by performance.now(). */
  dueMs: number;
}

/**
 * Records come by the clock and whoever is free takes what is there, so batches are small when little comes and large when
 * much does. Each counts from the instant at which it was due, not from when this busy thread came to look at the clock:
 * what waits because the ledger is slow must not look as though it had come later ("coordinated omission", G. Tene).
 */
export const createOpenLoad = (source: Source): OpenLoad => {
  const { partitions } = source;
  const { bus, wishes, next, deliver } = createHandFedBus(source);

  const run = async (perSecond: number, seconds: number): Promise<OpenLoadFigures> => {
    const { concurrency, maxBatch } = wishes();
    const queues: Arrival[][] = Array.from({ length: partitions }, () => []);
    const total = Math.floor(perSecond * seconds);
    const warmUp = Math.floor(total * WARM_UP_SHARE);
    const latencies: number[] = [];
    const begun = performance.now();
    const countedFrom = begun + (warmUp * 1_000) / perSecond;
    let [arrived, batches] = [0, 0];
    const waiting: (() => void)[] = [];

    const arrive = (): void => {
      // The first is due at once.
      const due = Math.min(total, Math.floor(((performance.now() - begun) * perSecond) / 1_000) + 1);
      for (; arrived < due; arrived++) {
        const partition = arrived % partitions;
        const dueMs = begun + (arrived * 1_000) / perSecond;
        queues[partition]?.push({ record: next(partition), dueMs });
      }
      if (arrived < total) setTimeout(arrive, TICK_MS);
      for (const wake of waiting.splice(0)) wake();
    };
    const work = async (worker: number): Promise<void> => {
      const own = partitionsOf(worker, concurrency, partitions);
      for (let turn = 0; ; turn++) {
        if (own.every((each) => queues[each]?.length === 0)) {
          if (arrived === total) return;
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        const partition = own[turn % own.length] as number;
        const taken = queues[partition]?.splice(0, maxBatch) ?? [];
        if (taken.length === 0) continue;
        await deliver(
          partition,
          taken.map(({ record }) => record),
        );
        const now = performance.now();
        batches += 1;
        for (const { dueMs } of taken) if (dueMs >= countedFrom) latencies.push(now - dueMs);
      }
    };
    arrive();
    await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
    const took = (performance.now() - begun) / 1_000;
    return {
      offeredPerSecond: perSecond,
      handledPerSecond: total / took,
      meanBatch: total / batches,
      ...{ p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) },
    };
  };
  return { ...bus, run };
};
