import { classify } from '../errors.ts';
import { createGather } from '../gather.ts';
import type { BatchOutcome, EventBus, RecordBatch } from '../port.ts';
import { type Entry, readEntry } from './entry.ts';
import { createMisfitCheck, Misfit } from './misfit.ts';
import { createSettle } from './settle.ts';
import type { Subscription } from './subscription.ts';
import { createTransact, type Slice, type TransactDeps } from './transact.ts';

export interface DeliverDeps extends TransactDeps {
  bus: EventBus;
  /** Called when the service can't go on. */
  onFatal: (error: unknown) => void;
  /** How far ahead of our clock an event may claim to have happened. */
  futureToleranceMs: number;
  /** Most records per transaction, unless a batch of one partition has more. */
  maxBatch: number;
  /** Transactions under way at the same time. */
  concurrency: number;
}

/**
 * Records from which a transaction of their own is worth it while others wait: what it costs by itself is about what so many
 * records cost, see decision 0012.
 */
const SHARE_FROM = 64;

const NOTHING_ACCEPTED: ReadonlySet<Misfit['kind']> = new Set();

/** The ways to handle batches of one topic. */
const createWays = (deps: DeliverDeps, subscription: Subscription) => {
  const { group, clock, log, metrics } = deps;
  const topic = subscription.topic.name;
  const labels = { group, topic };
  const transact = createTransact(deps, subscription);
  const checkMisfit = createMisfitCheck({ ...deps, topic });

  const read = (batch: RecordBatch): Entry[] => {
    const limitMs = clock.now().epochMilliseconds + deps.futureToleranceMs;
    return batch.records.map((record) => readEntry(record, limitMs));
  };

  const settleBatch = (
    batch: RecordBatch,
    entries: readonly Entry[],
    accepted: ReadonlySet<Misfit['kind']>,
  ): Promise<void> => {
    const settle = createSettle({
      ...deps,
      topic,
      transact: (part, rest) => transact([{ batch, entries: part, accepted, rest }]),
      isNews: (error) => error instanceof Misfit,
    });
    return settle(entries, batch.signal);
  };

  return {
    read,
    /** Several batches in one transaction; false when it failed, and nothing is done. */
    together: async (slices: readonly Slice[]): Promise<boolean> => {
      try {
        await transact(slices);
        return true;
      } catch (error) {
        // Whose failure it was shows when each is handled alone.
        if (!(error instanceof Misfit)) metrics.failures.inc({ ...labels, class: classify(error) });
        log.debug({ ...labels, batches: slices.length, err: error }, 'batches failed together');
        return false;
      }
    },
    /** What fails is retried, halved or parked by our own rules. */
    alone: async (batch: RecordBatch, entries: readonly Entry[]): Promise<BatchOutcome> => {
      const accepted = new Set<Misfit['kind']>();
      for (;;) {
        try {
          await settleBatch(batch, entries, accepted);
          return { kind: 'done' };
        } catch (error) {
          if (!(error instanceof Misfit)) throw error;
          const offset = await checkMisfit(batch, error);
          if (offset !== undefined) return { kind: 'seek', offset };
          accepted.add(error.kind);
        }
      }
    },
    observe: (batch: RecordBatch): void => {
      const last = batch.records.at(-1);
      metrics.batchRecords.observe(labels, batch.records.length);
      metrics.handled.inc(labels, batch.records.length);
      if (!last) return;
      metrics.lag.set({ ...labels, partition: batch.partition }, Number(batch.highWatermark - last.offset - 1n));
      metrics.timeLagSeconds.set(labels, Math.max(0, (Date.now() - last.timestampMs) / 1000));
    },
  };
};

interface InHand {
  batch: RecordBatch;
  ways: ReturnType<typeof createWays>;
  entries: Entry[];
  /** It failed together with others. */
  alone: boolean;
  settled: (outcome: BatchOutcome) => void;
  failed: (error: unknown) => void;
}

const mayGoTogether = (item: InHand, portion: readonly InHand[]): boolean =>
  portion.every(
    (other) =>
      !item.alone && !other.alone && other.ways === item.ways && other.batch.partition !== item.batch.partition,
  );

/**
 * Makes the function that the bus calls with batches of one partition. Batches of several partitions of a topic that come
 * while all places are taken share the next transaction. What fails together is handled one by one, where it is retried,
 * halved or parked by our own rules, so that no error ever reaches the bus client (unless we are told to stop).
 */
export const createDeliver = (deps: DeliverDeps, subscriptions: readonly Subscription[]) => {
  const { group, metrics } = deps;
  const waysOf = new Map(subscriptions.map((each) => [each.topic.name, createWays(deps, each)]));

  const handle = async (portion: readonly InHand[]): Promise<void> => {
    const [first] = portion as [InHand];
    const { ways } = first;
    if (portion.length === 1) {
      await ways.alone(first.batch, first.entries).then(first.settled, first.failed);
      return;
    }
    const slices = portion.map(({ batch, entries }) => ({ batch, entries, accepted: NOTHING_ACCEPTED, rest: false }));
    const done = await ways.together(slices);
    for (const each of portion) {
      if (done) each.settled({ kind: 'done' });
      else gather.add({ ...each, alone: true });
    }
  };

  const gather = createGather<InHand>({
    places: deps.concurrency,
    most: deps.maxBatch,
    shareFrom: SHARE_FROM,
    weigh: ({ batch }) => batch.records.length,
    fits: mayGoTogether,
    run: handle,
  });

  return async (batch: RecordBatch): Promise<BatchOutcome> => {
    const ways = waysOf.get(batch.topic);
    if (!ways) throw new Error(`no subscription for ${batch.topic}`);
    const end = metrics.batchSeconds.startTimer({ group, topic: batch.topic });
    const outcome = await new Promise<BatchOutcome>((settled, failed) => {
      gather.add({ batch, ways, entries: ways.read(batch), alone: false, settled, failed });
    });
    if (outcome.kind === 'done') {
      end();
      ways.observe(batch);
    }
    return outcome;
  };
};
