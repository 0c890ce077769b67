import { type Log, messageOf } from '@vafa/kernel';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';
import { MAX_RECORD_BYTES } from '../limits.ts';
import type { PartitionBounds, PartitionLag, TopicSpec } from '../port.ts';
import { backOffMs, sleep, within } from '../sleep.ts';

const TRIES = 8;
/** Tries of creating topics: leaders may take some seconds to be chosen. */
const TOPIC_TRIES = 40;
const TOPIC_WAIT_LIMIT_MS = 500;
/** What a batch of one record of the largest size has beyond the record. */
const BATCH_OVERHEAD_BYTES = 400_000;
const NO_OFFSET = -1n;

const topicConfig = ({ name, partitions }: TopicSpec, replication: number): ITopicConfig => ({
  topic: name,
  numPartitions: partitions,
  replicationFactor: replication,
  configEntries: [
    // What producers wrote is kept as it is: recompressing could make records that kafkajs can't read.
    { name: 'compression.type', value: 'producer' },
    { name: 'max.message.bytes', value: String(MAX_RECORD_BYTES + BATCH_OVERHEAD_BYTES) },
    { name: 'min.insync.replicas', value: replication >= 3 ? '2' : '1' },
    { name: 'unclean.leader.election.enable', value: 'false' },
  ],
});

const typeOf = (error: unknown): unknown => (error instanceof Error && 'type' in error ? error.type : undefined);
/** Created by somebody else meanwhile: kafkajs reports the topics of one call together. */
const isRace = (error: unknown): boolean =>
  typeOf(error) === 'TOPIC_ALREADY_EXISTS' ||
  (error instanceof Error && 'errors' in error && Array.isArray(error.errors) && error.errors.every(isRace));

/** Questions to the brokers and the making of topics. */
export const createKafkaAdmin = (kafka: Kafka, log: Log, replication: number) => {
  let admin: Admin = kafka.admin();

  const disconnect = (old: Admin): Promise<void> =>
    old.disconnect().catch((error: unknown) => log.debug({ err: messageOf(error) }, 'admin did not disconnect'));

  /** kafkajs gives up at once on "not the leader any more" and on a closed connection (measured): we ask again. */
  const ask = async <T>(question: (admin: Admin) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      const current = admin;
      try {
        return await question(current);
      } catch (error) {
        if (attempt >= TRIES) throw error;
        log.debug({ err: messageOf(error), attempt }, 'question to the brokers failed, asking again');
        await sleep(backOffMs(attempt, 2_000));
        // A connection that was lost stays lost in some of kafkajs's paths: a new one is sure.
        if (admin === current) {
          admin = kafka.admin();
          void disconnect(current);
        }
        await admin.connect().catch((again: unknown) => log.debug({ err: messageOf(again) }, 'brokers do not answer'));
      }
    }
  };

  const createMissing = async (topics: readonly TopicSpec[]): Promise<void> => {
    const existing = new Set(await ask((current) => current.listTopics()));
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length === 0) return;
    try {
      await admin.createTopics({
        waitForLeaders: false,
        topics: missing.map((topic) => topicConfig(topic, replication)),
      });
    } catch (error) {
      if (!isRace(error)) throw error;
    }
  };

  const readPartitions = async (topics: readonly TopicSpec[]): Promise<Map<string, number>> => {
    const { topics: found } = await ask((current) =>
      current.fetchTopicMetadata({ topics: topics.map(({ name }) => name) }),
    );
    for (const { name, partitions } of found)
      if (partitions.length === 0 || partitions.some(({ leader }) => leader === -1))
        throw new Error(`topic ${name} has no leader yet`);
    return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
  };

  /** Until all are there with leaders: other processes may create the same ones at the same time. */
  const ensureTopics = async (topics: readonly TopicSpec[]): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await createMissing(topics);
        const counts = await readPartitions(topics);
        for (const { name, partitions } of topics)
          if (counts.get(name) !== partitions)
            log.warn(
              { topic: name, partitions: counts.get(name), wanted: partitions },
              'topic has another number of partitions than configured; its own is kept',
            );
        return;
      } catch (error) {
        if (attempt >= TOPIC_TRIES) throw error;
        log.debug({ err: messageOf(error), attempt }, 'topics are not ready yet');
        await sleep(backOffMs(attempt, TOPIC_WAIT_LIMIT_MS));
      }
    }
  };

  const bounds = async (topic: string): Promise<PartitionBounds[]> => {
    if (!(await ask((current) => current.listTopics())).includes(topic)) return [];
    const offsets = await ask((current) => current.fetchTopicOffsets(topic));
    return offsets
      .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
      .sort((a, b) => a.partition - b.partition);
  };

  const lag = async (group: string, topics: readonly string[]): Promise<PartitionLag[]> => {
    const [committed, ends] = await Promise.all([
      ask((current) => current.fetchOffsets({ groupId: group, topics: [...topics] })),
      Promise.all(topics.map(async (topic) => ({ topic, partitions: await bounds(topic) }))),
    ]);
    return ends.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, low, high }) => {
        const found = committed
          .find((each) => each.topic === topic)
          ?.partitions.find((each) => each.partition === partition);
        const offset = BigInt(found?.offset ?? NO_OFFSET);
        const position = offset < low ? low : offset;
        return { topic, partition, committed: position, high, lag: Math.max(0, Number(high - position)) };
      }),
    );
  };

  return {
    /** @throws when no broker answers */
    connect: () => admin.connect(),
    ensureTopics,
    bounds,
    lag,
    close: async (deadlineMs: number): Promise<void> => {
      await within(deadlineMs, disconnect(admin));
    },
  };
};
