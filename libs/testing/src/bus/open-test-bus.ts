import { type Chaos, createBusMetrics, createKafkaBus, createPostgresLogBus, type EventBus, NO_CHAOS } from '@vafa/bus';
import type { Log } from '@vafa/kernel';
import { openSql } from '@vafa/platform';
import { Registry } from 'prom-client';

/** Where a bus is: plain data, so that a child process can open the same one. */
export type BusAddress =
  | { kind: 'postgres-log'; url: string; leaseMs: number; chaosSeed?: number }
  | { kind: 'kafka'; brokers: string[]; sessionTimeoutMs: number };

export interface TestBus {
  bus: EventBus;
  close(): Promise<void>;
}

const CLOSE_LIMIT_MS = 10_000;

/** A small generator with a seed (mulberry32): a chaos that failed once fails again. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const chaosOf = (seed: number | undefined): Chaos =>
  seed === undefined
    ? NO_CHAOS
    : { duplicateRate: 0.2, rebalanceRate: 0.1, forgetCommitRate: 0.2, random: seededRandom(seed) };

/** Opens the bus at an address. */
export const openTestBus = async (address: BusAddress, log: Log): Promise<TestBus> => {
  const metrics = createBusMetrics(new Registry());
  if (address.kind === 'kafka') {
    const { brokers, sessionTimeoutMs } = address;
    const bus = await createKafkaBus({
      clientId: 'vafa-test',
      brokers,
      tls: false,
      replication: 1,
      sessionTimeoutMs,
      log,
      metrics,
    });
    return { bus, close: () => bus.close(CLOSE_LIMIT_MS) };
  }
  const sql = openSql({ url: address.url, max: 6, name: 'vafa-bus', schema: 'bus' });
  const bus = createPostgresLogBus({
    sql,
    log,
    metrics,
    leaseMs: address.leaseMs,
    idlePollMs: 50,
    chaos: chaosOf(address.chaosSeed),
  });
  const close = async (): Promise<void> => {
    await bus.close(CLOSE_LIMIT_MS);
    await sql.end({ timeout: 5 });
  };
  return { bus, close };
};

/**
 * The same bus with topics of one's own: each name gets a prefix and a number of partitions, so that tests on one broker
 * don't meet.
 */
export const onOwnTopics = (bus: EventBus, prefix: string, partitions: number): EventBus => {
  const own = (topic: string): string => `${prefix}${topic}`;
  const known = (topic: string): string => topic.slice(prefix.length);
  return {
    ...bus,
    publish: (records) => bus.publish(records.map((record) => ({ ...record, topic: own(record.topic) }))),
    ensureTopics: (topics) => bus.ensureTopics(topics.map(({ name }) => ({ name: own(name), partitions }))),
    bounds: (topic) => bus.bounds(own(topic)),
    lag: async (group, topics) =>
      (await bus.lag(group, topics.map(own))).map((each) => ({ ...each, topic: known(each.topic) })),
    subscribe: async (options, handler) => {
      const mine = {
        ...{ ...options, topics: options.topics.map(own) },
        ...(options.handled
          ? { handled: options.handled.map((place) => ({ ...place, topic: own(place.topic) })) }
          : {}),
      };
      const subscription = await bus.subscribe(mine, (batch) => {
        const topic = known(batch.topic);
        return handler({ ...batch, topic, records: batch.records.map((record) => ({ ...record, topic })) });
      });
      return {
        stop: (deadlineMs) => subscription.stop(deadlineMs),
        assigned: () => subscription.assigned().map(({ topic, partition }) => ({ topic: known(topic), partition })),
      };
    },
  };
};
