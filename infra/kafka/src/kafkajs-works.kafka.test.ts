// The proof that kafkajs works with the Kafka of our pom (decision 0003), and so the one place outside the bus that imports it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Admin,
  CompressionTypes,
  type Consumer,
  Kafka,
  KafkaJSProtocolError,
  logLevel,
  Partitioners,
  type Producer,
} from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { localKafkaObstacle } from './availability.ts';
import { type LocalKafka, startKafka } from './broker.ts';

const obstacle = await localKafkaObstacle();
const START_LIMIT_MS = 600_000;
const TEST_LIMIT_MS = 120_000;
const WAIT_LIMIT_MS = 60_000;
const PARTITIONS = 6;

let dir: string;
let broker: LocalKafka;
let client: Kafka;
let admin: Admin;
let producer: Producer;
let consumers: Consumer[] = [];

/** What one member was given, as `partition:offset`, in order. */
interface Member {
  consumer: Consumer;
  seen: string[];
  partitions: Set<number>;
}

/** A member as the bus runs it: batches, nothing resolved or committed but by explicit offsets. */
const addMember = async (groupId: string, topic: string): Promise<Member> => {
  const consumer = client.consumer({
    groupId,
    sessionTimeout: 6_000,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  });
  const member: Member = { consumer, seen: [], partitions: new Set() };
  consumers.push(consumer);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    member.partitions = new Set(payload.memberAssignment[topic] ?? []);
  });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
      member.seen.push(...batch.messages.map((message) => `${batch.partition}:${message.offset}`));
      resolveOffset(batch.lastOffset());
      const offset = (BigInt(batch.lastOffset()) + 1n).toString();
      await commitOffsetsIfNecessary({
        topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }],
      });
      await heartbeat();
    },
  });
  return member;
};

const waitUntil = async (what: string, claim: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  while (!(await claim())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${WAIT_LIMIT_MS} ms`);
    await sleep(50);
  }
};

const send = (topic: string, count: number, prefix: string): ReturnType<Producer['send']> =>
  producer.send({
    topic,
    acks: -1,
    messages: Array.from({ length: count }, (_, n) => ({
      key: `customer-${n % 97}`,
      value: `${prefix}-${n}`,
      headers: { ce_id: `${prefix}-${n}` },
    })),
  });

const createTopic = async (topic: string, numPartitions = PARTITIONS): Promise<void> => {
  expect(
    await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }], waitForLeaders: true }),
  ).toBe(true);
};

const ends = async (topic: string): Promise<Record<number, string>> =>
  Object.fromEntries((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]));

/** A broker that has just come back answers while it still reads the groups' offsets; the admin client does not ask again. */
const fetchCommitted: Admin['fetchOffsets'] = async (asked) => {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  for (;;) {
    try {
      return await admin.fetchOffsets(asked);
    } catch (error) {
      if (!(error instanceof KafkaJSProtocolError && error.retriable) || performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
};

const committed = async (groupId: string, topic: string): Promise<Record<number, string>> => {
  const [found] = await fetchCommitted({ groupId, topics: [topic] });
  return Object.fromEntries((found?.partitions ?? []).map(({ partition, offset }) => [partition, offset]));
};

const sum = (offsets: Record<number, string>): number =>
  Object.values(offsets).reduce((total, offset) => total + Number(offset), 0);

beforeAll(async () => {
  if (obstacle !== undefined) return;
  dir = await mkdtemp(join(tmpdir(), 'vafa-kafkajs-'));
  broker = await startKafka({ dir, log: (line) => process.stderr.write(`${line}\n`) });
  client = new Kafka({
    clientId: 'proof',
    brokers: broker.brokers,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
  });
  admin = client.admin();
  producer = client.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await admin.connect();
  await producer.connect();
}, START_LIMIT_MS);

afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.disconnect()));
  consumers = [];
});

afterAll(async () => {
  if (obstacle !== undefined) return;
  await producer.disconnect();
  await admin.disconnect();
  await broker.stop();
  await rm(dir, { recursive: true, force: true });
});

describe.skipIf(obstacle !== undefined)(
  `kafkajs with this Kafka${obstacle === undefined ? '' : ` (skipped: ${obstacle})`}`,
  { timeout: TEST_LIMIT_MS },
  () => {
    test('the administration that the bus needs works', async () => {
      await createTopic('admin-a', 2);
      expect(await admin.createTopics({ topics: [{ topic: 'admin-a', numPartitions: 2 }] })).toBe(false);
      await admin.createPartitions({ topicPartitions: [{ topic: 'admin-a', count: 3 }] });
      // The controller answers before the broker has heard of it: what it lists may be a moment old.
      await waitUntil('the third partition', async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: ['admin-a'] });
        return topics[0]?.partitions.length === 3;
      });
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: 'admin-a', configNames: ['retention.ms'] }],
      });
      expect(resources[0]?.configEntries[0]?.configName).toBe('retention.ms');
      const cluster = await admin.describeCluster();
      expect(cluster.brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: broker.port }]);
      await admin.setOffsets({ groupId: 'admin-group', topic: 'admin-a', partitions: [{ partition: 0, offset: '0' }] });
      expect((await admin.describeGroups(['admin-group'])).groups[0]?.state).toBe('Empty');
      await admin.deleteGroups(['admin-group']);
      await admin.deleteTopics({ topics: ['admin-a'] });
      await waitUntil('the topic is no longer listed', async () => !(await admin.listTopics()).includes('admin-a'));
    });

    test('a topic that nobody created is an error and not a new topic', async () => {
      const hasty = new Kafka({
        clientId: 'hasty',
        brokers: broker.brokers,
        logLevel: logLevel.NOTHING,
        retry: { retries: 1 },
      }).producer({ allowAutoTopicCreation: true });
      await hasty.connect();
      await expect(hasty.send({ topic: 'typo', messages: [{ value: 'x' }] })).rejects.toThrow(
        /does not host this topic-partition/,
      );
      await hasty.disconnect();
      expect(await admin.listTopics()).not.toContain('typo');
    });

    test('an idempotent producer writes each record once, plain and gzipped, one key to one partition', async () => {
      await createTopic('produced');
      await send('produced', 970, 'plain');
      await producer.send({
        topic: 'produced',
        compression: CompressionTypes.GZIP,
        messages: [{ key: 'customer-1', value: 'zipped' }],
      });
      expect(sum(await ends('produced'))).toBe(971);
      const partitionsOfKey = new Map<string, Set<number>>();
      const reader = client.consumer({ groupId: 'produced-reader' });
      consumers.push(reader);
      await reader.connect();
      await reader.subscribe({ topics: ['produced'], fromBeginning: true });
      const ids: string[] = [];
      await reader.run({
        eachMessage: async ({ partition, message }) => {
          const key = String(message.key);
          partitionsOfKey.set(key, (partitionsOfKey.get(key) ?? new Set()).add(partition));
          ids.push(String(message.headers?.ce_id ?? message.value));
        },
      });
      await waitUntil('all records read', () => ids.length >= 971);
      expect(new Set(ids).size).toBe(971);
      expect([...partitionsOfKey.values()].every((partitions) => partitions.size === 1)).toBe(true);
    });

    test('a group commits explicit offsets batch by batch, and the next member goes on from them', async () => {
      await createTopic('committed');
      await send('committed', 500, 'first');
      const first = await addMember('committing', 'committed');
      await waitUntil(
        'the first 500 are committed',
        async () => sum(await committed('committing', 'committed')) === 500,
      );
      expect(await committed('committing', 'committed')).toEqual(await ends('committed'));
      expect(new Set(first.seen).size).toBe(500);
      await first.consumer.disconnect();
      await send('committed', 20, 'second');
      const next = await addMember('committing', 'committed');
      await waitUntil(
        'the other 20 are committed',
        async () => sum(await committed('committing', 'committed')) === 520,
      );
      expect(next.seen).toHaveLength(20);
    });

    test('two members share the partitions, and the one that is left takes over all', async () => {
      await createTopic('shared');
      const a = await addMember('sharing', 'shared');
      await waitUntil('the first member has all partitions', () => a.partitions.size === PARTITIONS);
      const b = await addMember('sharing', 'shared');
      await waitUntil(
        'both have half',
        () => a.partitions.size === PARTITIONS / 2 && b.partitions.size === PARTITIONS / 2,
      );
      expect([...a.partitions, ...b.partitions].sort()).toEqual([0, 1, 2, 3, 4, 5]);
      await send('shared', 970, 'shared');
      await waitUntil('both together committed all', async () => sum(await committed('sharing', 'shared')) === 970);
      expect(a.seen.length).toBeGreaterThan(0);
      expect(b.seen.length).toBeGreaterThan(0);
      await b.consumer.disconnect();
      await waitUntil('the first has all again', () => a.partitions.size === PARTITIONS);
      await send('shared', 97, 'after');
      await waitUntil('the rest is committed', async () => sum(await committed('sharing', 'shared')) === 1_067);
      expect(new Set([...a.seen, ...b.seen]).size).toBe(1_067);
    });

    test('records, offsets, producer and consumer live through kill -9 of the broker', async () => {
      await createTopic('survives');
      await send('survives', 300, 'before');
      const member = await addMember('surviving', 'survives');
      await waitUntil('all is committed', async () => sum(await committed('surviving', 'survives')) === 300);
      const before = await committed('surviving', 'survives');
      const killedAt = performance.now();
      await broker.kill9();
      await broker.restart();
      process.stderr.write(`answers ${Math.round(performance.now() - killedAt)} ms after kill -9\n`);
      expect(sum(await ends('survives'))).toBe(300);
      expect(await committed('surviving', 'survives')).toEqual(before);
      await send('survives', 200, 'after');
      await waitUntil('the consumer went on', async () => sum(await committed('surviving', 'survives')) === 500);
      process.stderr.write(`a consumer goes on ${Math.round(performance.now() - killedAt)} ms after kill -9\n`);
      expect(new Set(member.seen).size).toBe(500);
      expect(sum(await ends('survives'))).toBe(500);
    });

    test('carries 50,000 records of 300 bytes', async () => {
      const total = 50_000;
      await createTopic('rate');
      const value = 'v'.repeat(300);
      const began = performance.now();
      for (let sent = 0; sent < total; sent += 500) {
        await producer.send({
          topic: 'rate',
          acks: -1,
          messages: Array.from({ length: 500 }, (_, n) => ({ key: String(sent + n), value })),
        });
      }
      const produced = performance.now();
      const member = await addMember('rating', 'rate');
      await waitUntil('all is read', () => member.seen.length >= total);
      const read = performance.now();
      process.stderr.write(
        `produced ${Math.round(total / ((produced - began) / 1000))}/s in batches of 500, consumed ${Math.round(total / ((read - produced) / 1000))}/s with joining\n`,
      );
      expect(new Set(member.seen).size).toBe(total);
    });
  },
);
