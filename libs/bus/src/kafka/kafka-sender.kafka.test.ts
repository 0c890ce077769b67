import { connect, type Socket } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { OutRecord } from '../port.ts';
import { createKafkaAdmin } from './kafka-admin.ts';
import { createKafkaSender } from './kafka-sender.ts';
import { quietRequestQueue } from './quiet-request-queue.ts';

// What the global setup started; its types are declared in a lib above this one.
const given = inject('kafka' as never) as { brokers: string[] } | { skipped: string };
const skipped = 'skipped' in given ? given.skipped : undefined;
const brokers = 'skipped' in given ? ['none:0'] : given.brokers;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const id = `sender-${process.pid}-${Date.now().toString(36)}`;

/** A client that can be made deaf: what it asks arrives, what the broker answers is lost with the connection. */
const createDeafClient = () => {
  const state = { deaf: false };
  const socketFactory = ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }): Socket => {
    const socket = connect({ host, port }, onConnect);
    const emit = socket.emit.bind(socket);
    socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      if (!state.deaf || event !== 'data') return emit(event, ...args);
      socket.destroy(new Error('connection reset'));
      return true;
    };
    return socket;
  };
  const client = new Kafka({
    clientId: 'deaf',
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 50 },
    socketFactory,
  });
  return { client, state };
};

describe.skipIf(skipped !== undefined)(
  `sending to Kafka${skipped ? ` (skipped: ${skipped})` : ''}`,
  { timeout: 60_000 },
  () => {
    const plain = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING });
    const admin = createKafkaAdmin(plain, log, 1);
    let topics = 0;
    beforeAll(async () => {
      quietRequestQueue();
      if (skipped === undefined) await admin.connect();
    });
    afterAll(() => admin.close(5_000));

    const newTopic = async (): Promise<string> => {
      topics += 1;
      const name = `${id}.${topics}`;
      await admin.ensureTopics([{ name, partitions: 1 }]);
      return name;
    };
    const record = (topic: string, value: string): OutRecord => ({ topic, key: 'k', headers: {}, value });
    const readAll = async (topic: string): Promise<string[]> => {
      const [bounds] = await admin.bounds(topic);
      const values: string[] = [];
      const consumer = plain.consumer({ groupId: `${topic}-group` });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
      await expect.poll(() => values.length, { timeout: 20_000 }).toBe(Number(bounds?.high));
      await consumer.disconnect();
      return values;
    };

    test('after a send whose answer was lost the next one is not taken for its repetition', async () => {
      const topic = await newTopic();
      const { client, state } = createDeafClient();
      const sender = createKafkaSender(client, log);
      await sender.connect();
      await sender.send([record(topic, 'a')]);
      state.deaf = true;
      await expect(sender.send([record(topic, 'b')])).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'bus.unavailable',
      });
      state.deaf = false;
      // kafkajs took the sequence number of b back, though the broker has written b: with the same producer the broker would
      // acknowledge c as a repetition of b and drop it.
      await sender.send([record(topic, 'c')]);
      await sender.send([record(topic, 'd')]);
      await sender.close(5_000);
      const values = await readAll(topic);
      expect(values.filter((value) => value !== 'b')).toEqual(['a', 'c', 'd']);
      expect(values).toContain('b');
    });

    test('a topic that does not exist is not made, and says so after some tries', async () => {
      const sender = createKafkaSender(createDeafClient().client, log);
      await sender.connect();
      await expect(sender.send([record(`${id}.typo`, 'x')])).rejects.toMatchObject({ code: 'bus.unavailable' });
      await sender.close(5_000);
      expect(await admin.bounds(`${id}.typo`)).toEqual([]);
    });

    test('an idle client sets no timers: kafkajs alone would set hundreds a second for each connection', async () => {
      const sender = createKafkaSender(createDeafClient().client, log);
      await sender.connect();
      await sender.send([record(await newTopic(), 'x')]);
      let timers = 0;
      const original = globalThis.setTimeout;
      globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
        timers += 1;
        return original(...args);
      }) as typeof setTimeout;
      await new Promise((resolve) => original(resolve, 500));
      globalThis.setTimeout = original;
      await sender.close(5_000);
      expect(timers).toBeLessThan(10);
    });
  },
);
