import { type Log, messageOf, newId } from '@vafa/kernel';
import type { BusMetrics } from '../metrics.ts';
import type { BatchHandler, BusSubscription, InRecord, SubscribeOptions } from '../port.ts';
import { backOffMs, sleep } from '../sleep.ts';
import type { Sql } from '../sql.ts';
import type { Chaos } from './chaos.ts';
import { type Heads, partitionKey } from './heads.ts';
import { createMembership, type Lease } from './membership.ts';

export interface MemberDeps {
  sql: Sql;
  heads: Heads;
  log: Log;
  metrics: BusMetrics;
  leaseMs: number;
  chaos: Chaos;
}

interface Held {
  lease: Lease;
  position: bigint;
  busy: boolean;
  lost: AbortController;
}

interface Row {
  offset: number;
  key: string;
  headers: string;
  value: string | null;
  valueBytes: Buffer | null;
  appendedAt: string;
}

/** One member of a group: leases partitions, reads them in order, hands batches over, commits after the handler. */
export const startMember = async (
  deps: MemberDeps,
  options: SubscribeOptions,
  handler: BatchHandler,
): Promise<BusSubscription> => {
  const { sql, heads, log, metrics, leaseMs, chaos } = deps;
  const { group, topics, maxBatch, concurrency } = options;
  const membership = createMembership({ sql, group, member: newId(), topics, leaseMs, log });
  const held = new Map<string, Held>();
  const stopping = new AbortController();
  const working = new Set<Promise<void>>();
  let turn = 0;

  const fetch = async ({ lease, position }: Held): Promise<InRecord[]> => {
    const rows = await sql<Row[]>`select record_offset as "offset", key, headers, value, value_bytes as "valueBytes",
        appended_at as "appendedAt"
      from log_record where topic = ${lease.topic} and partition = ${lease.partition}
        and record_offset >= ${position.toString()}::bigint
      order by record_offset limit ${maxBatch}`;
    return rows.map((row) => ({
      topic: lease.topic,
      partition: lease.partition,
      offset: BigInt(row.offset),
      key: row.key,
      headers: JSON.parse(row.headers) as Record<string, string>,
      value: row.valueBytes ?? row.value,
      timestampMs: Date.parse(row.appendedAt),
    }));
  };

  const drop = (each: Held): void => {
    each.lost.abort();
    held.delete(partitionKey(each.lease.topic, each.lease.partition));
  };

  /** Reads and hands over one batch. Throws what the handler throws: the position stays. */
  const readOnce = async (each: Held): Promise<void> => {
    const { topic, partition } = each.lease;
    const records = await fetch(each);
    const last = records.at(-1);
    if (!last) {
      // Retention removed what lay here: go on where the log begins now.
      each.position = heads.get(topic, partition);
      return;
    }
    const highWatermark = heads.get(topic, partition);
    const batch = {
      topic,
      partition,
      records,
      readFrom: each.position,
      highWatermark: highWatermark > last.offset ? highWatermark : last.offset + 1n,
    };
    const signal = AbortSignal.any([each.lost.signal, stopping.signal]);
    let outcome = await handler({ ...batch, signal });
    if (chaos.duplicateRate > 0 && chaos.random() < chaos.duplicateRate) outcome = await handler({ ...batch, signal });
    if (outcome.kind === 'seek') {
      each.position = outcome.offset;
      return;
    }
    const next = last.offset + 1n;
    if (chaos.forgetCommitRate > 0 && chaos.random() < chaos.forgetCommitRate) return;
    if (!(await membership.commit(each.lease, next))) return drop(each);
    each.position = next;
    if (chaos.rebalanceRate > 0 && chaos.random() < chaos.rebalanceRate) await giveUp([each]);
  };

  const giveUp = async (surrendered: readonly Held[]): Promise<void> => {
    for (const each of surrendered) drop(each);
    await membership.release(surrendered.map(({ lease }) => lease));
    metrics.rebalances.inc({ group });
  };

  const work = async (each: Held): Promise<void> => {
    each.busy = true;
    for (let failures = 0; !stopping.signal.aborted && !each.lost.signal.aborted; ) {
      if (each.position >= heads.get(each.lease.topic, each.lease.partition)) break;
      try {
        await readOnce(each);
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted || each.lost.signal.aborted) break;
        failures += 1;
        log.warn(
          { group, topic: each.lease.topic, failures, err: messageOf(error) },
          'batch not handled, reading it again',
        );
        await sleep(backOffMs(failures), stopping.signal);
      }
      // Others wait for a place: one batch at a time, then to the end of the line.
      if (working.size >= concurrency) break;
    }
    each.busy = false;
  };

  /** Fills the free places with partitions that have something to read, in turn. */
  const schedule = (): void => {
    if (stopping.signal.aborted) return;
    const all = [...held.values()];
    for (let i = 0; i < all.length && working.size < concurrency; i++) {
      const each = all[(turn + i) % all.length] as Held;
      if (each.busy || each.position >= heads.get(each.lease.topic, each.lease.partition)) continue;
      turn = (turn + i + 1) % all.length;
      const done: Promise<void> = work(each).finally(() => {
        working.delete(done);
        schedule();
      });
      working.add(done);
    }
  };

  const rebalance = async (): Promise<void> => {
    const { leases, surplus } = await membership.round();
    const current = new Map(leases.map((lease) => [partitionKey(lease.topic, lease.partition), lease]));
    for (const [name, each] of held) {
      const lease = current.get(name);
      if (!lease || lease.epoch !== each.lease.epoch) {
        drop(each);
        metrics.rebalances.inc({ group });
      }
    }
    for (const [name, lease] of current) {
      if (held.has(name)) continue;
      held.set(name, { lease, position: lease.committed, busy: false, lost: new AbortController() });
      metrics.rebalances.inc({ group });
    }
    if (surplus > 0) await giveUp([...held.values()].filter(({ busy }) => !busy).slice(0, surplus));
    schedule();
  };

  const keepLeases = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await rebalance();
        failures = 0;
        await sleep(leaseMs / 3, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures += 1;
        log.warn({ group, failures, err: messageOf(error) }, 'leases could not be renewed');
        await sleep(backOffMs(failures, leaseMs / 3), stopping.signal);
      }
    }
  };

  await membership.ensureCursors();
  await rebalance();
  const unwatch = heads.watch(topics, schedule);
  const keeping = keepLeases();

  return {
    assigned: () => [...held.values()].map(({ lease }) => ({ topic: lease.topic, partition: lease.partition })),
    stop: async (deadlineMs) => {
      unwatch();
      stopping.abort();
      const drained = Promise.allSettled([...working, keeping]);
      await Promise.race([drained, sleep(deadlineMs)]);
      for (const each of held.values()) each.lost.abort();
      held.clear();
      await membership.leave();
    },
  };
};
