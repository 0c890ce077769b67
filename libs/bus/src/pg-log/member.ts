import { type Log, messageOf, newId } from '@vafa/kernel';
import type { BusMetrics } from '../metrics.ts';
import type { BatchHandler, BusSubscription, SubscribeOptions } from '../port.ts';
import { backOffMs, sleep, within } from '../sleep.ts';
import type { Sql } from '../sql.ts';
import type { Chaos } from './chaos.ts';
import { type Heads, partitionKey } from './heads.ts';
import { createMembership, type Membership } from './membership.ts';
import { createReadBatch, type Held } from './read-batch.ts';

export interface MemberDeps {
  sql: Sql;
  heads: Heads;
  log: Log;
  metrics: BusMetrics;
  leaseMs: number;
  chaos: Chaos;
}

const nameOf = ({ lease }: Held): string => partitionKey(lease.topic, lease.partition);

/** Which partitions this member has, kept in step with the group. */
const createHoldings = (membership: Membership, group: string, metrics: BusMetrics) => {
  const held = new Map<string, Held>();
  /** Partitions with a batch in hand, also of leases lost meanwhile: one batch of a partition at a time. */
  const inHand = new Set<string>();

  const drop = (each: Held): void => {
    each.lost.abort();
    if (held.get(nameOf(each)) === each) held.delete(nameOf(each));
    metrics.rebalances.inc({ group });
  };

  const giveUp = async (surrendered: readonly Held[]): Promise<void> => {
    for (const each of surrendered) drop(each);
    await membership.release(surrendered.map(({ lease }) => lease));
  };

  /** Leaves what is beyond the fair share to others: idle partitions now, busy ones after the batch in hand. */
  const shrink = async (shares: ReadonlyMap<string, number>): Promise<void> => {
    const idle: Held[] = [];
    for (const [topic, share] of shares) {
      const all = [...held.values()].filter(({ lease }) => lease.topic === topic);
      all.sort((a, b) => Number(a.busy) - Number(b.busy) || b.lease.partition - a.lease.partition);
      all.forEach((each, i) => {
        each.leaving = i < all.length - share;
        if (each.leaving && !each.busy) idle.push(each);
      });
    }
    await giveUp(idle);
  };

  return {
    held,
    inHand,
    drop,
    giveUp,
    /** One round of the group: what was lost goes, what was won comes. */
    refresh: async (takeMore: boolean): Promise<void> => {
      const { leases, shares } = await membership.round(takeMore);
      const current = new Map(leases.map((lease) => [partitionKey(lease.topic, lease.partition), lease]));
      for (const [name, each] of held) if (current.get(name)?.epoch !== each.lease.epoch) drop(each);
      for (const [name, lease] of current) {
        if (held.has(name) || inHand.has(name)) continue;
        const position = lease.committed;
        held.set(name, { lease, position, busy: false, leaving: false, failures: 0, lost: new AbortController() });
        metrics.rebalances.inc({ group });
      }
      await shrink(shares);
    },
  };
};

/** One member of a group: leases partitions, reads them in order, hands batches over, commits after the handler. */
export const startMember = async (
  deps: MemberDeps,
  options: SubscribeOptions,
  handler: BatchHandler,
): Promise<BusSubscription> => {
  const { sql, heads, log, metrics, leaseMs } = deps;
  const { group, topics, maxBatch, concurrency } = options;
  const membership = createMembership({ sql, group, member: newId(), topics, leaseMs });
  const { held, inHand, drop, giveUp, refresh } = createHoldings(membership, group, metrics);
  const stopping = new AbortController();
  const drained = new AbortController();
  const readBatch = createReadBatch({ ...deps, membership, maxBatch, handler, stopping: stopping.signal });
  const working = new Set<Promise<void>>();
  let turn = 0;

  const hasMore = ({ lease, position }: Held): boolean => position < heads.get(lease.topic, lease.partition);
  const isDue = (each: Held): boolean => !each.busy && !each.leaving && hasMore(each);

  const readOnce = async (each: Held): Promise<void> => {
    try {
      const result = await readBatch(each);
      each.failures = 0;
      if (result === 'lost') drop(each);
      if (result === 'surrendered') await giveUp([each]);
    } catch (error) {
      if (stopping.signal.aborted || each.lost.signal.aborted) return;
      each.failures += 1;
      const { failures } = each;
      log.warn(
        { group, topic: each.lease.topic, failures, err: messageOf(error) },
        'batch not handled, reading it again',
      );
      await sleep(backOffMs(failures), AbortSignal.any([stopping.signal, each.lost.signal]));
    }
  };

  const work = async (each: Held): Promise<void> => {
    while (!stopping.signal.aborted && !each.lost.signal.aborted && !each.leaving && hasMore(each)) {
      await readOnce(each);
      // One batch at a time, then to the end of the line where others wait.
      if ([...held.values()].some(isDue)) break;
    }
  };

  const begin = (each: Held): void => {
    const name = nameOf(each);
    each.busy = true;
    inHand.add(name);
    const done: Promise<void> = work(each)
      .then(() => (each.leaving && held.get(name) === each ? giveUp([each]) : undefined))
      .catch((error: unknown) => log.warn({ group, err: messageOf(error) }, 'partition could not be given up'))
      .finally(() => {
        each.busy = false;
        inHand.delete(name);
        working.delete(done);
        schedule();
      });
    working.add(done);
  };

  /** Fills the free places with partitions that have something to read, in turn. */
  const schedule = (): void => {
    const all = [...held.values()];
    for (let i = 0; i < all.length && working.size < concurrency && !stopping.signal.aborted; i++) {
      const at = (turn + i) % all.length;
      if (!isDue(all[at] as Held)) continue;
      begin(all[at] as Held);
      turn = at + 1;
    }
  };

  /** Goes on while batches in hand are finished, or another member would take their partitions meanwhile. */
  const keepLeases = async (): Promise<void> => {
    for (let failures = 0; !drained.signal.aborted; ) {
      try {
        await sleep(failures === 0 ? leaseMs / 3 : backOffMs(failures, leaseMs / 3), drained.signal);
        if (drained.signal.aborted) return;
        await refresh(!stopping.signal.aborted);
        failures = 0;
        schedule();
      } catch (error) {
        failures += 1;
        log.warn({ group, failures, err: messageOf(error) }, 'leases could not be renewed');
      }
    }
  };

  await membership.ensureCursors();
  if (options.handled) {
    const partitions = await membership.rewind(options.handled);
    if (partitions > 0) log.warn({ group, partitions }, 'offsets ran ahead of the fence, reading from there again');
  }
  await refresh(true);
  const unwatch = heads.watch(topics, schedule);
  const keeping = keepLeases();
  schedule();

  return {
    assigned: () => [...held.values()].map(({ lease }) => ({ topic: lease.topic, partition: lease.partition })),
    stop: async (deadlineMs) => {
      unwatch();
      stopping.abort();
      await within(deadlineMs, Promise.all(working));
      drained.abort();
      for (const each of held.values()) each.lost.abort();
      held.clear();
      try {
        await keeping;
        await membership.leave();
      } catch (error) {
        log.warn({ group, err: messageOf(error) }, 'leases could not be given back: they run out by themselves');
      }
    },
  };
};
