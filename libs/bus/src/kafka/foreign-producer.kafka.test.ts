import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createBusMetrics } from '../metrics.ts';
import type { BatchOutcome, EventBus, RecordBatch } from '../port.ts';
import { createKafkaBus } from './kafka-bus.ts';

// What backends that write the topics themselves may do, with a client of their own.

// What the global setup started; its types are declared in a lib above this one.
const given = inject('kafka' as never) as { brokers: string[]; minSessionTimeoutMs: number } | { skipped: string };
const skipped = 'skipped' in given ? given.skipped : undefined;
const brokers = 'skipped' in given ? [] : given.brokers;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const id = `foreign-${process.pid}-${Date.now().toString(36)}`;

describe.skipIf(skipped !== undefined)(
  `records of foreign producers${skipped ? ` (skipped: ${skipped})` : ''}`,
  { timeout: 60_000 },
  () => {
    let bus: EventBus;
    const client = new Kafka({
      clientId: 'foreign',
      brokers: brokers.length > 0 ? brokers : ['none:0'],
      logLevel: logLevel.NOTHING,
    });
    let topics = 0;

    beforeAll(async () => {
      if (skipped !== undefined) return;
      const metrics = createBusMetrics(new Registry());
      bus = await createKafkaBus({
        clientId: 'test',
        brokers,
        tls: false,
        replication: 1,
        sessionTimeoutMs: 10_000,
        log,
        metrics,
      });
    });
    afterAll(() => bus?.close(10_000));

    const newTopic = async (): Promise<string> => {
      topics += 1;
      const name = `${id}.${topics}`;
      await bus.ensureTopics([{ name, partitions: 1 }]);
      return name;
    };

    /** Reads until `enough`, answering each batch as told. */
    const read = async (
      topic: string,
      enough: (batches: readonly RecordBatch[]) => boolean,
      answer: (batch: RecordBatch, nth: number) => BatchOutcome,
    ) => {
      const batches: RecordBatch[] = [];
      const options = { group: `${topic}-group`, topics: [topic], maxBatch: 2, concurrency: 1, onFatal: quiet };
      const reader = await bus.subscribe(options, async (batch) => {
        batches.push(batch);
        return answer(batch, batches.length);
      });
      await expect.poll(() => enough(batches), { timeout: 20_000 }).toBe(true);
      await sleep(300);
      await reader.stop(10_000);
      return batches;
    };
    const values = (batches: readonly RecordBatch[]) =>
      batches.flatMap(({ records }) => records.map(({ value }) => String(value)));
    const done = (): BatchOutcome => ({ kind: 'done' });

    /** Transactions leave marks in the log that nobody is handed: offsets have holes. */
    const trade = async (topic: string): Promise<void> => {
      const producer = client.producer({ transactionalId: `${topic}-tx`, idempotent: true, maxInFlightRequests: 1 });
      await producer.connect();
      for (const [name, end] of [
        ['a', 'commit'],
        ['b', 'abort'],
        ['c', 'commit'],
        ['d', 'abort'],
        ['e', 'commit'],
      ] as const) {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [1, 2, 3].map((n) => ({ key: 'k', value: `${name}${n}` })) });
        await transaction[end]();
      }
      await producer.disconnect();
    };
    const COMMITTED = ['a1', 'a2', 'a3', 'c1', 'c2', 'c3', 'e1', 'e2', 'e3'];

    test('transactions: what was aborted never comes, and no hole is taken for a loss', async () => {
      const topic = await newTopic();
      await trade(topic);
      const batches = await read(topic, (all) => values(all).length >= 9, done);
      expect(values(batches)).toEqual(COMMITTED);
      let reached = 0n;
      for (const { readFrom, records } of batches) {
        expect(readFrom).toBe(reached);
        reached = (records.at(-1)?.offset ?? 0n) + 1n;
      }
    });

    test('seeking to where only aborted records lie goes on behind them, without going round in circles', async () => {
      const topic = await newTopic();
      await trade(topic);
      // Offset 5 is within the aborted transaction b.
      const batches = await read(
        topic,
        (all) => values(all).length >= 8,
        (_batch, nth) => (nth === 1 ? { kind: 'seek', offset: 5n } : { kind: 'done' }),
      );
      expect(batches[1]?.readFrom).toBe(5n);
      expect(values(batches.slice(1))).toEqual(['c1', 'c2', 'c3', 'e1', 'e2', 'e3']);
    });

    test('gzip, headers that stand twice, keys that are no text, no key at all', async () => {
      const topic = await newTopic();
      const producer = client.producer();
      await producer.connect();
      await producer.send({
        topic,
        compression: 1,
        messages: [
          { key: Buffer.from([0xff, 0x00]), value: 'zipped', headers: { ce_id: ['first', 'second'] } },
          { value: 'no key' },
        ],
      });
      await producer.disconnect();
      const batches = await read(topic, (all) => values(all).length >= 2, done);
      const records = batches.flatMap((batch) => batch.records);
      expect(records.map(({ key, headers, value }) => [key, headers.ce_id, String(value)])).toEqual([
        ['\ufffd\u0000', 'first', 'zipped'],
        [null, undefined, 'no key'],
      ]);
    });
  },
);
