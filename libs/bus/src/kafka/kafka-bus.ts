import { AppError, type Log, messageOf } from '@vafa/kernel';
import { CompressionTypes, Kafka, type KafkaConfig, Partitioners, type Producer, type SASLOptions } from 'kafkajs';
import { createBatchingPublisher } from '../batching-publisher.ts';
import type { BusMetrics } from '../metrics.ts';
import type { BusSubscription, EventBus, OutRecord } from '../port.ts';
import { kafkaLog } from './kafka-log.ts';
import { startKafkaMember } from './kafka-member.ts';
import { quietRequestQueue } from './quiet-request-queue.ts';

export interface KafkaBusOptions {
  clientId: string;
  brokers: string[];
  tls: boolean;
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
  /** Replicas of topics that are created. */
  replication: number;
  sessionTimeoutMs: number;
  log: Log;
  metrics: BusMetrics;
  maxQueuedRecords?: number;
}

const MAX_SEND = 1_000;
const NO_OFFSET = -1n;

/** Apache Kafka through kafkajs: the way to scale out. @throws when no broker answers */
export const createKafkaBus = async (options: KafkaBusOptions): Promise<EventBus> => {
  quietRequestQueue();
  const { clientId, brokers, tls, sasl, log, metrics, sessionTimeoutMs } = options;
  const config: KafkaConfig = {
    clientId,
    brokers,
    ssl: tls,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 10_000, retries: 8 },
    logCreator: kafkaLog(log),
    ...(sasl ? { sasl: sasl as SASLOptions } : {}),
  };
  const kafka = new Kafka(config);
  const admin = kafka.admin();
  // One request in flight and one send at a time: the order of retries is kept, and kafkajs's idempotence (which its own
  // documentation calls experimental) is never asked to sort out concurrent sends.
  const producer: Producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await Promise.all([admin.connect(), producer.connect()]);
  const members = new Set<BusSubscription>();

  const send = async (records: readonly OutRecord[]): Promise<void> => {
    const byTopic = new Map<string, OutRecord[]>();
    for (const record of records) {
      const sameTopic = byTopic.get(record.topic);
      if (sameTopic) sameTopic.push(record);
      else byTopic.set(record.topic, [record]);
    }
    try {
      await producer.sendBatch({
        acks: -1,
        // Only gzip is built in; an unknown codec crashes other kafkajs consumers. Small JSON batches go plain.
        compression: CompressionTypes.None,
        topicMessages: [...byTopic].map(([topic, same]) => ({
          topic,
          messages: same.map(({ key, headers, value }) => ({ key, headers, value })),
        })),
      });
    } catch (error) {
      throw new AppError(
        'unavailable',
        'bus.unavailable',
        'the brokers do not take the events',
        { retryAfterSeconds: 1 },
        error,
      );
    }
  };
  const publisher = createBatchingPublisher({
    send,
    maxRecords: MAX_SEND,
    maxQueued: options.maxQueuedRecords ?? 50_000,
  });

  return {
    kind: 'kafka',
    publish: (records) => publisher.publish(records),

    ensureTopics: async (topics) => {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter(({ name }) => !existing.has(name));
      if (missing.length > 0)
        await admin.createTopics({
          waitForLeaders: true,
          topics: missing.map(({ name, partitions }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor: options.replication,
            configEntries: [
              // What producers wrote is kept as it is: recompressing could make records that kafkajs can't read.
              { name: 'compression.type', value: 'producer' },
              { name: 'min.insync.replicas', value: options.replication >= 3 ? '2' : '1' },
              { name: 'unclean.leader.election.enable', value: 'false' },
            ],
          })),
        });
      // Somebody else may have created them meanwhile, with other counts: the keys would be mapped otherwise.
      const metadata = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
      for (const { name, partitions } of metadata.topics) {
        const wanted = topics.find((topic) => topic.name === name)?.partitions;
        if (wanted !== undefined && wanted !== partitions.length)
          log.warn(
            { topic: name, partitions: partitions.length, wanted },
            'topic has another number of partitions than configured; its own is kept',
          );
      }
    },

    bounds: async (topic) => {
      const existing = await admin.listTopics();
      if (!existing.includes(topic)) return [];
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets
        .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
        .sort((a, b) => a.partition - b.partition);
    },

    lag: async (group, topics) => {
      const [committed, ends] = await Promise.all([
        admin.fetchOffsets({ groupId: group, topics: [...topics] }),
        Promise.all(topics.map(async (topic) => ({ topic, offsets: await admin.fetchTopicOffsets(topic) }))),
      ]);
      return ends.flatMap(({ topic, offsets }) =>
        offsets.map(({ partition, low, high }) => {
          const found = committed
            .find((each) => each.topic === topic)
            ?.partitions.find((each) => each.partition === partition);
          const offset = BigInt(found?.offset ?? NO_OFFSET);
          const position = offset < 0n ? BigInt(low) : offset;
          return {
            topic,
            partition,
            committed: position,
            high: BigInt(high),
            lag: Math.max(0, Number(BigInt(high) - position)),
          };
        }),
      );
    },

    subscribe: async (subscribeOptions, handler) => {
      const member = await startKafkaMember({ kafka, log, metrics, sessionTimeoutMs }, subscribeOptions, handler);
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
      await Promise.all([...members].map((member) => member.stop(deadlineMs)));
      await publisher.close();
      for (const closing of [producer.disconnect(), admin.disconnect()])
        await closing.catch((error: unknown) => log.warn({ err: messageOf(error) }, 'could not disconnect cleanly'));
    },
  };
};
