import {
  type Consumer,
  type ConsumerOptions,
  createBusMetrics,
  type EventBus,
  type EventHandler,
  type InRecord,
  type OutRecord,
  on,
  type Relay,
  type RelayOptions,
  readFences,
  type Sql,
  startConsumer,
  startRelay,
} from '@vafa/bus';
import { encodeEvent } from '@vafa/contracts';
import { createFakeClock, type FakeClock, type Log } from '@vafa/kernel';
import { createLog } from '@vafa/platform';
import { Registry } from 'prom-client';
import { type ChildMember, startChildMember } from './child-member.ts';
import type { MemberConfig } from './member-process.ts';
import { type BusAddress, onOwnTopics, openTestBus, type TestBus } from './open-test-bus.ts';
import { openShop, type ShopDatabase } from './shop-database.ts';
import { HEARD, type Purchase, recordEffects, TOPIC } from './shop-events.ts';
import { until } from './until.ts';

/** What one test has for itself: topics, a group, a clock, members, on a bus and database that others use too. */
export interface Stage {
  readonly group: string;
  readonly sql: Sql;
  readonly bus: EventBus;
  readonly clock: FakeClock;
  readonly log: Log;
  readonly fatal: unknown[];
  /** Every record that the bus handed to a member of this process, redelivered ones again. */
  readonly handedOver: InRecord[];
  publish(events: readonly Purchase[]): Promise<void>;
  publishRecords(records: readonly OutRecord[]): Promise<void>;
  /** A member in this process, on a bus connection of its own. */
  start(handler?: EventHandler<Purchase>, options?: Partial<ConsumerOptions>): Promise<Consumer>;
  startRelay(options?: Partial<RelayOptions>): Relay;
  spawn(options?: Partial<MemberConfig>): Promise<ChildMember>;
  /** A pool of one's own on the service's schema. */
  openPool(name: string): Sql;
  /** Order ids that took effect, in order of their effect, once for each time. */
  effects(): Promise<string[]>;
  /** Waits until the fence has reached the end of every partition. */
  untilHandled(): Promise<void>;
  /** Everything on a topic, read by a group of its own. */
  readAll(topic: string): Promise<InRecord[]>;
  close(): Promise<void>;
}

const STOP_LIMIT_MS = 15_000;
const MAX_BATCH = 500;
export const PARTITIONS = 4;
let counter = 0;

/** Notes what is handed over, and how often. */
const noting = (bus: EventBus, notes: InRecord[]): EventBus => ({
  ...bus,
  subscribe: (options, handler) =>
    bus.subscribe(options, (batch) => {
      notes.push(...batch.records);
      return handler(batch);
    }),
});

const isHandled = async (bus: EventBus, sql: Sql, group: string): Promise<boolean> => {
  const fences = new Map((await readFences(sql, group)).map((fence) => [fence.partition, fence.nextOffset]));
  return (await bus.bounds(TOPIC.name)).every(({ partition, high }) => (fences.get(partition) ?? 0) >= Number(high));
};

/** What to look at when a group does not get on: how far it is, and what the database's sessions are at. */
const whatHinders = async (bus: EventBus, sql: Sql, group: string): Promise<unknown> => ({
  ends: (await bus.bounds(TOPIC.name)).map(({ high }) => Number(high)),
  fences: (await readFences(sql, group)).map(({ partition, nextOffset }) => [partition, nextOffset]),
  leases: (await bus.lag(group, [TOPIC.name])).map(({ partition, committed }) => [partition, Number(committed)]),
  sessions:
    await sql`select pid, application_name as name, state, wait_event as waits, pg_blocking_pids(pid) as "waitsFor",
      round(extract(epoch from clock_timestamp() - xact_start) * 1000)::bigint as "openMs", left(query, 100) as query
    from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
});

const readAll = async (bus: EventBus, topic: string, group: string): Promise<InRecord[]> => {
  const records: InRecord[] = [];
  const ends = await bus.bounds(topic);
  const total = ends.reduce((sum, { high }) => sum + Number(high), 0);
  const onFatal = (error: unknown): never => {
    throw error;
  };
  const options = { group, topics: [topic], maxBatch: MAX_BATCH, concurrency: 1, onFatal };
  const reader = await bus.subscribe(options, async (batch) => {
    records.push(...batch.records);
    return { kind: 'done' };
  });
  await until(`all of ${topic} is read`, () => records.length >= total);
  await reader.stop(STOP_LIMIT_MS);
  return records;
};

/** Sets a stage. Close it after the test. */
export const openStage = async (address: BusAddress, shop: ShopDatabase, logLevel: string): Promise<Stage> => {
  counter += 1;
  const id = `t${process.pid}-${Date.now().toString(36)}-${counter}`;
  const { sql } = shop;
  const log = createLog({ level: logLevel, service: id });
  const clock = createFakeClock('2026-11-21T08:00:00Z');
  const opened: TestBus[] = [];
  const openBus = async (): Promise<EventBus> => {
    const testBus = await openTestBus(address, log);
    opened.push(testBus);
    return onOwnTopics(testBus.bus, `${id}.`, PARTITIONS);
  };
  const bus = await openBus();
  await bus.ensureTopics([TOPIC]);
  const group = `group-${id}`;
  const fatal: unknown[] = [];
  const handedOver: InRecord[] = [];
  const endings: (() => Promise<unknown>)[] = [];

  const start: Stage['start'] = async (handler = recordEffects, options = {}) => {
    const consumer = await startConsumer({
      group,
      subscriptions: [on(TOPIC, HEARD, handler)],
      sql,
      bus: noting(await openBus(), handedOver),
      clock,
      log,
      metrics: createBusMetrics(new Registry()),
      afterCommit: () => undefined,
      onFatal: (error) => fatal.push(error),
      maxBatch: MAX_BATCH,
      concurrency: 2,
      futureToleranceMs: 600_000,
      patienceMs: 3_600_000,
      ...options,
    });
    endings.push(() => consumer.stop(STOP_LIMIT_MS));
    return consumer;
  };

  const startStageRelay: Stage['startRelay'] = (options = {}) => {
    const metrics = createBusMetrics(new Registry());
    const relay = startRelay({ service: group, sql, bus, log, metrics, idlePollMs: 50, ...options });
    endings.push(() => relay.stop());
    return relay;
  };

  const spawn: Stage['spawn'] = async (options = {}) => {
    const member = await startChildMember({
      address,
      prefix: `${id}.`,
      partitions: PARTITIONS,
      shopUrl: shop.url,
      group,
      maxBatch: 20,
      fetchedMs: 0,
      inHandMs: 0,
      // A frozen member holds its transaction open until the server ends it: soon here, so that tests are short.
      statementMs: 1_000,
      relay: 'none',
      logLevel,
      ...options,
    });
    endings.push(() => member.kill9());
    return member;
  };

  const openPool = (name: string): Sql => {
    const pool = openShop(shop.url, name, 6);
    endings.unshift(() => pool.end({ timeout: 5 }));
    return pool;
  };

  return {
    group,
    sql,
    openPool,
    bus,
    clock,
    log,
    fatal,
    handedOver,
    publish: (events) => bus.publish(events.map(encodeEvent)),
    publishRecords: (records) => bus.publish(records),
    start,
    startRelay: startStageRelay,
    spawn,
    effects: async () => {
      const rows = await sql<
        { id: string }[]
      >`select order_id as id from effect where grp = ${group} order by effect.id`;
      return rows.map((row) => row.id);
    },
    untilHandled: () =>
      until('everything is handled', () => isHandled(bus, sql, group), {
        instead: () => whatHinders(bus, sql, group),
      }),
    readAll: (topic) => readAll(bus, topic, `${group}-reader-${topic}`),
    close: async () => {
      for (const ending of endings.reverse()) await ending();
      for (const testBus of opened) await testBus.close();
    },
  };
};

/** A test with a stage of its own. */
export type StagedTest = (name: string, play: (stage: Stage) => Promise<void>) => void;
