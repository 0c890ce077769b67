import type { Clock, Log } from '@vafa/kernel';
import { type AlongWithCommit, beginAsking } from '../begin-asking.ts';
import { type FindErased, forgetParked } from '../dead-letters/forget.ts';
import { type Parking, park } from '../dead-letters/store.ts';
import type { BusMetrics } from '../metrics.ts';
import type { RecordBatch } from '../port.ts';
import type { Sql, Tx } from '../sql.ts';
import type { Entry } from './entry.ts';
import { advanceFences, lockFences, lockFencesIfThere } from './fence.ts';
import { eventsFor, handleInOrder } from './handle-in-order.ts';
import { Misfit } from './misfit.ts';
import type { Subscription } from './subscription.ts';

export interface TransactDeps {
  group: string;
  sql: Sql;
  clock: Clock;
  log: Log;
  metrics: BusMetrics;
  findErased: FindErased;
  /** Called after each commit, so that the relay looks at once. */
  afterCommit: () => void;
}

/** Entries of one batch that go into a transaction. */
export interface Slice {
  batch: RecordBatch;
  entries: readonly Entry[];
  /** Misfits of the batch that were looked into and are all right. */
  accepted: ReadonlySet<Misfit['kind']>;
  /** They are the later half of a batch: it begins where the earlier one ended. */
  rest: boolean;
}

/** What of a slice is beyond the fence. @throws Misfit unless it is accepted */
const freshOf = ({ batch, entries, accepted, rest }: Slice, fence: bigint): Entry[] => {
  if (fence > batch.highWatermark && !accepted.has('beyond_end')) throw new Misfit('beyond_end', fence);
  const fresh = entries.filter(({ record }) => record.offset >= fence);
  const [first] = fresh;
  if (first && first.record.offset > fence && !rest && !accepted.has('gap')) throw new Misfit('gap', fence);
  return fresh;
};

/** Where the fences stand once these entries are handled. */
const endsOf = (entries: readonly Entry[]): Map<number, bigint> =>
  new Map(entries.map(({ record }) => [record.partition, record.offset + 1n]));

/**
 * Makes the function that handles slices of different partitions of a topic in one transaction: fences, handle, park,
 * advance. What a transaction costs by itself is paid once for all of them.
 * @throws Misfit of a slice, unless it is accepted; what the handler throws
 */
export const createTransact = (deps: TransactDeps, subscription: Subscription) => {
  const { group, sql, clock, log, metrics } = deps;
  const topic = subscription.topic.name;
  const labels = { group, topic };

  return async (slices: readonly Slice[]): Promise<void> => {
    const inOrder = slices.toSorted((a, b) => a.batch.partition - b.batch.partition);
    const partitions = inOrder.map(({ batch }) => batch.partition);
    const events = eventsFor(
      subscription,
      inOrder.flatMap(({ entries }) => entries),
    );
    const ask = (tx: Tx) =>
      Promise.all([
        lockFencesIfThere(tx, group, topic, partitions),
        events.length > 0 ? subscription.prepare(tx, events) : undefined,
      ]);
    const handle = async (
      tx: Tx,
      [locked, prepared]: Awaited<ReturnType<typeof ask>>,
      alongWithCommit: AlongWithCommit,
    ): Promise<readonly Parking[]> => {
      const { next, anyWaiting } = locked ?? (await lockFences(tx, group, topic, partitions));
      const fresh = inOrder.flatMap((slice) => freshOf(slice, next.get(slice.batch.partition) as bigint));
      const dropped = inOrder.reduce((sum, { entries }) => sum + entries.length, 0) - fresh.length;
      if (dropped > 0) metrics.fenceDropped.inc(labels, dropped);
      const [first] = fresh;
      if (!first) return [];
      const context = { group, topic, partition: first.record.partition, now: clock.now(), alongWithCommit };
      // The fences are ours until the commit, so moving them need not wait for the handler.
      const [, aside] = await Promise.all([
        advanceFences(tx, group, topic, endsOf(fresh)),
        handleInOrder(tx, subscription, fresh, context, { anyWaiting, prepared }),
      ]);
      const parkings = await forgetParked(tx, aside, deps.findErased);
      await park(tx, group, parkings, context.now);
      return parkings;
    };
    const parked = await beginAsking(sql, { keepsPlans: subscription.keepsPlans, ask, decide: handle });
    deps.afterCommit();
    for (const { status, code, record } of parked) {
      metrics.deadLetters.inc({ ...labels, status, code });
      if (code !== 'bus.behind')
        log.warn(
          { ...labels, partition: record.partition, offset: String(record.offset), status, code },
          'event set aside',
        );
    }
  };
};
