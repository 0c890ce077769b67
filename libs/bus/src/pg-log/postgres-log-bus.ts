import { AppError, type Log, messageOf } from '@vafa/kernel';
import { createBatchingPublisher } from '../batching-publisher.ts';
import { isInfrastructure } from '../errors.ts';
import { MAX_QUEUED_RECORDS, MAX_RECORD_BYTES } from '../limits.ts';
import type { BusMetrics } from '../metrics.ts';
import type { BusSubscription, EventBus, OutRecord, PartitionLag, TopicSpec } from '../port.ts';
import type { Sql } from '../sql.ts';
import { appendRecords, byPartition } from './append-records.ts';
import { type Chaos, NO_CHAOS } from './chaos.ts';
import { createHeads } from './heads.ts';
import { startMember } from './member.ts';
import { type RetentionOptions, removeOldRecords } from './retention.ts';

export interface PostgresLogOptions {
  /** Pool of the bus's own role: a service's transaction never reaches the log's tables. */
  sql: Sql;
  log: Log;
  metrics: BusMetrics;
  /** A member that is silent for longer loses its partitions. */
  leaseMs?: number;
  /** Slowest polling when nothing happens. */
  idlePollMs?: number;
  maxQueuedRecords?: number;
  /** Partitions of every topic here, instead of the topics' own counts: one machine needs fewer. */
  partitions?: number;
  retention?: RetentionOptions;
  chaos?: Chaos;
}

const MAX_APPEND_RECORDS = 1_000;
const MAX_APPEND_BYTES = 8_000_000;
const WEEK_MS = 7 * 24 * 3600 * 1000;
const RETENTION_EVERY_MS = 60_000;

/** The bus as a log in Postgres: topics, partitions, dense offsets, groups with leased cursors. Durable, one machine. */
export const createPostgresLogBus = (options: PostgresLogOptions): EventBus => {
  const { sql, log, metrics, leaseMs = 10_000, idlePollMs = 100, chaos = NO_CHAOS } = options;
  const heads = createHeads({ sql, log, idlePollMs });
  const members = new Set<BusSubscription>();
  const counts = new Map<string, number>();
  const retention = options.retention ?? { maxAgeMs: WEEK_MS, maxPartitionBytes: 1_000_000_000 };

  const partitionsOf = async (topic: string): Promise<number> => {
    let count = counts.get(topic);
    if (count === undefined) {
      const [row] = await sql<{ partitions: number }[]>`select partitions from log_topic where topic = ${topic}`;
      if (!row) throw new AppError('unavailable', 'bus.unknown_topic', `topic ${topic} does not exist`);
      count = row.partitions;
      counts.set(topic, count);
    }
    return count;
  };

  const append = async (records: readonly OutRecord[]): Promise<void> => {
    for (const topic of new Set(records.map((record) => record.topic))) await partitionsOf(topic);
    try {
      await appendRecords(
        sql,
        byPartition(records, (topic) => counts.get(topic) as number),
      );
    } catch (error) {
      if (!isInfrastructure(error)) throw error;
      throw new AppError(
        'unavailable',
        'bus.unavailable',
        'the event log does not answer',
        { retryAfterSeconds: 1 },
        error,
      );
    }
    heads.wake();
  };

  const publisher = createBatchingPublisher({
    send: append,
    maxRecords: MAX_APPEND_RECORDS,
    maxBytes: MAX_APPEND_BYTES,
    maxRecordBytes: MAX_RECORD_BYTES,
    maxQueued: options.maxQueuedRecords ?? MAX_QUEUED_RECORDS,
  });

  let cleaning: Promise<void> | undefined;
  const cleaner = setInterval(() => {
    cleaning ??= removeOldRecords(sql, retention)
      .then(() => undefined)
      .catch((error: unknown) => log.warn({ err: messageOf(error) }, 'old records could not be removed'))
      .finally(() => {
        cleaning = undefined;
      });
  }, RETENTION_EVERY_MS);
  cleaner.unref();

  return {
    kind: 'postgres-log',
    publish: (records) => publisher.publish(records),

    ensureTopics: async (topics: readonly TopicSpec[]) => {
      // In one order, or two processes that start at once wait for each other.
      const wanted = topics
        .map(({ name, partitions }) => ({ name, partitions: options.partitions ?? partitions }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      await sql.begin(async (tx) => {
        for (const { name, partitions } of wanted) {
          await tx`insert into log_topic (topic, partitions) values (${name}, ${partitions}) on conflict do nothing`;
          await tx`insert into log_partition (topic, partition)
            select t.topic, p from log_topic t, generate_series(0, t.partitions - 1) p where t.topic = ${name}
            on conflict do nothing`;
        }
      });
      const found = await sql<{ topic: string; partitions: number }[]>`select topic, partitions from log_topic
        where topic = any(${wanted.map(({ name }) => name)}::text[])`;
      for (const { topic, partitions } of found) {
        counts.set(topic, partitions);
        const asked = wanted.find(({ name }) => name === topic)?.partitions;
        if (asked !== partitions)
          throw new Error(
            `topic ${topic} has ${partitions} partitions, ${asked} are configured: the count is fixed for its life`,
          );
      }
    },

    bounds: async (topic) => {
      const rows = await sql<{ partition: number; low: number; high: number }[]>`
        select partition, first_offset as low, next_offset as high from log_partition where topic = ${topic} order by partition`;
      return rows.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
    },

    lag: async (group, topics): Promise<PartitionLag[]> => {
      const rows = await sql<{ topic: string; partition: number; committed: number; high: number }[]>`
        select p.topic, p.partition, coalesce(c.committed, p.first_offset) as committed, p.next_offset as high
        from log_partition p left join log_cursor c on c.grp = ${group} and c.topic = p.topic and c.partition = p.partition
        where p.topic = any(${[...topics]}::text[]) order by p.topic, p.partition`;
      return rows.map(({ topic, partition, committed, high }) => ({
        topic,
        partition,
        committed: BigInt(committed),
        high: BigInt(high),
        lag: Math.max(0, high - committed),
      }));
    },

    subscribe: async (subscribeOptions, handler) => {
      const member = await startMember({ sql, heads, log, metrics, leaseMs, chaos }, subscribeOptions, handler);
      members.add(member);
      return {
        assigned: () => member.assigned(),
        stop: async (deadlineMs) => {
          members.delete(member);
          await member.stop(deadlineMs);
        },
      };
    },

    close: async (deadlineMs) => {
      clearInterval(cleaner);
      await Promise.all([...members].map((member) => member.stop(deadlineMs)));
      await heads.stop();
      await publisher.close();
      await cleaning;
    },
  };
};
