import type { Log } from '@vafa/kernel';
import { Kafka, type SASLOptions } from 'kafkajs';
import { createBatchingPublisher } from '../batching-publisher.ts';
import { MAX_QUEUED_RECORDS, MAX_RECORD_BYTES } from '../limits.ts';
import type { BusMetrics } from '../metrics.ts';
import type { BusSubscription, EventBus } from '../port.ts';
import { createKafkaAdmin } from './kafka-admin.ts';
import { kafkaLog } from './kafka-log.ts';
import { startKafkaMember } from './kafka-member.ts';
import { createKafkaSender } from './kafka-sender.ts';
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

const MAX_SEND_RECORDS = 1_000;
/** Records of one partition travel as one batch, and brokers refuse batches beyond 1 MiB unless told otherwise. */
const MAX_SEND_BYTES = 800_000;

const createClient = ({ clientId, brokers, tls, sasl, log }: KafkaBusOptions): Kafka =>
  new Kafka({
    clientId,
    brokers,
    ssl: tls,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 10_000, retries: 8 },
    logCreator: kafkaLog(log),
    ...(sasl ? { sasl: sasl as SASLOptions } : {}),
  });

/** Apache Kafka through kafkajs: the way to scale out. @throws when no broker answers */
export const createKafkaBus = async (options: KafkaBusOptions): Promise<EventBus> => {
  quietRequestQueue();
  const { log, metrics, sessionTimeoutMs } = options;
  const kafka = createClient(options);
  const admin = createKafkaAdmin(kafka, log, options.replication);
  const sender = createKafkaSender(kafka, log);
  const publisher = createBatchingPublisher({
    send: (records) => sender.send(records),
    maxRecords: MAX_SEND_RECORDS,
    maxBytes: MAX_SEND_BYTES,
    maxRecordBytes: MAX_RECORD_BYTES,
    maxQueued: options.maxQueuedRecords ?? MAX_QUEUED_RECORDS,
  });
  const members = new Set<BusSubscription>();
  await Promise.all([admin.connect(), sender.connect()]);

  return {
    kind: 'kafka',
    publish: (records) => publisher.publish(records),
    ensureTopics: (topics) => admin.ensureTopics(topics),
    bounds: (topic) => admin.bounds(topic),
    lag: (group, topics) => admin.lag(group, topics),
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
      await Promise.all([sender.close(deadlineMs), admin.close(deadlineMs)]);
    },
  };
};
