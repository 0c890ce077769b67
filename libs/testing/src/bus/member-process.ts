/**
 * A service in a process of its own, for tests that kill or freeze it. Its one argument is a `MemberConfig` as JSON; it says
 * what happens as JSON lines. SIGTERM stops it in order, and it must then end by itself: nothing may be left running.
 */
import { createBusMetrics, type EventBus, on, type Relay, startConsumer, startRelay } from '@vafa/bus';
import { systemClock } from '@vafa/kernel';
import { createLog } from '@vafa/platform';
import { Registry } from 'prom-client';
import { type BusAddress, onOwnTopics, openTestBus } from './open-test-bus.ts';
import { openShop } from './shop-database.ts';
import { HEARD, type Purchase, recordEffects, TOPIC } from './shop-events.ts';

export interface MemberConfig {
  address: BusAddress;
  prefix: string;
  partitions: number;
  shopUrl: string;
  group: string;
  maxBatch: number;
  /** Pause before a batch is handled, after saying `fetched`. */
  fetchedMs: number;
  /** Pause within the open transaction, after saying `in-hand`. */
  inHandMs: number;
  /** Longest statement; a transaction that rests for three times as long is ended by the server. */
  statementMs: number;
  /** Whether it also publishes the outbox; 'dies' = kill -9 right after a publish, before the rows are deleted. */
  relay: 'none' | 'runs' | 'dies';
  logLevel: string;
}

/** What a member says. */
export type Saying = 'ready' | 'fetched' | 'in-hand' | 'handled' | 'published' | 'fatal' | 'stopped';

const config = JSON.parse(process.argv[2] ?? '') as MemberConfig;
const { group } = config;
const STOP_LIMIT_MS = 10_000;

const say = (saying: Saying): void => void process.stdout.write(`${JSON.stringify({ saying })}\n`);
// Not node:timers/promises: a frozen process must find its timer due when it wakes.
const pause = (ms: number): Promise<void> =>
  ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();

const log = createLog({ level: config.logLevel, service: `member-${process.pid}` });
const sql = openShop(config.shopUrl, 'vafa-test-member', 5, config.statementMs);
const opened = await openTestBus(config.address, log);
const bus = onOwnTopics(opened.bus, config.prefix, config.partitions);
const metrics = createBusMetrics(new Registry());

/** Says when something was fetched, and waits: the moment between fetching and handling. */
const announced: EventBus = {
  ...bus,
  subscribe: (options, handler) =>
    bus.subscribe(options, async (batch) => {
      say('fetched');
      await pause(config.fetchedMs);
      const outcome = await handler(batch);
      say('handled');
      return outcome;
    }),
  publish: async (records) => {
    await bus.publish(records);
    say('published');
    if (config.relay === 'dies') process.kill(process.pid, 'SIGKILL');
  },
};

const die = (error: unknown): void => {
  log.error({ err: error }, 'fatal');
  say('fatal');
  process.exit(1);
};

let relay: Relay | undefined;
const consumer = await startConsumer({
  group,
  subscriptions: [
    on(TOPIC, HEARD, async (tx, events: readonly Purchase[], context) => {
      await recordEffects(tx, events, context);
      say('in-hand');
      await pause(config.inHandMs);
    }),
  ],
  sql,
  bus: announced,
  clock: systemClock,
  log,
  metrics,
  afterCommit: () => relay?.wake(),
  onFatal: die,
  maxBatch: config.maxBatch,
  concurrency: 2,
  futureToleranceMs: 600_000_000_000,
  patienceMs: 60_000,
});

process.once('SIGTERM', () => {
  const stop = async (): Promise<void> => {
    await consumer.stop(STOP_LIMIT_MS);
    await relay?.stop();
    await opened.close();
    await sql.end({ timeout: 5 });
    say('stopped');
  };
  stop().catch(die);
});
say('ready');
if (config.relay !== 'none') relay = startRelay({ service: group, sql, bus: announced, log, metrics });
