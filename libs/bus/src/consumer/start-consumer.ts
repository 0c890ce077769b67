import { deadTopic } from '@vafa/contracts';
import type { Clock, Log } from '@vafa/kernel';
import { type FindErased, forgettingErased, knowsNobody } from '../dead-letters/forget.ts';
import { MAX_PARTITIONS_IN_HAND } from '../limits.ts';
import type { BusMetrics } from '../metrics.ts';
import type { BusSubscription, EventBus } from '../port.ts';
import type { Sql } from '../sql.ts';
import { createDeliver } from './deliver.ts';
import { readFences } from './fence.ts';
import { createRetryWaiting } from './retry-waiting.ts';
import { checkSubscriptions, type Subscription } from './subscription.ts';

export interface ConsumerOptions {
  group: string;
  subscriptions: readonly Subscription[];
  sql: Sql;
  bus: EventBus;
  clock: Clock;
  log: Log;
  metrics: BusMetrics;
  afterCommit: () => void;
  onFatal: (error: unknown) => void;
  /** Most records per transaction. */
  maxBatch: number;
  /** Transactions under way at the same time. */
  concurrency: number;
  futureToleranceMs: number;
  patienceMs: number;
  /** Whom the service knows to be erased: of them nothing is set aside. */
  findErased?: FindErased | undefined;
}

export interface Consumer {
  subscription: BusSubscription;
  /** Tries waiting events that are due; a job calls it. */
  retryWaiting: () => Promise<number>;
  stop(deadlineMs: number): Promise<void>;
}

/**
 * Subscribes a service's group to all it hears.
 * @throws Error when an event type is unhandled or handled twice, or when the broker's log is shorter than the fence: the
 * topic was re-created, and everything new in it would be dropped as old
 */
export const startConsumer = async (options: ConsumerOptions): Promise<Consumer> => {
  const { group, bus, findErased = knowsNobody } = options;
  checkSubscriptions(group, options.subscriptions);
  const subscriptions = options.subscriptions.map((each) => forgettingErased(each, findErased));
  const topics = subscriptions.map(({ topic }) => topic);
  await bus.ensureTopics(
    topics.flatMap(({ name, partitions }) => [
      { name, partitions },
      { name: deadTopic(name), partitions },
    ]),
  );
  await refuseShorterLog(
    options.sql,
    bus,
    group,
    topics.map(({ name }) => name),
  );

  const retryWaiting = createRetryWaiting({ ...options, findErased }, subscriptions);
  const subscription = await bus.subscribe(
    {
      group,
      topics: topics.map(({ name }) => name),
      maxBatch: options.maxBatch,
      concurrency: MAX_PARTITIONS_IN_HAND,
      onFatal: options.onFatal,
      handled: await readFences(options.sql, group),
    },
    createDeliver({ ...options, findErased }, subscriptions),
  );
  return { subscription, retryWaiting, stop: (deadlineMs) => subscription.stop(deadlineMs) };
};

/** The log ends before what a group has handled of it: going on would drop what is new as old. Starting again won't mend it. */
export class ShorterLogError extends Error {}

const refuseShorterLog = async (sql: Sql, bus: EventBus, group: string, topics: readonly string[]): Promise<void> => {
  const shorter: string[] = [];
  // Topics that are not heard any more may be gone.
  const fences = (await readFences(sql, group)).filter(({ topic }) => topics.includes(topic));
  const ends = new Map<string, bigint>();
  for (const topic of new Set(fences.map((fence) => fence.topic)))
    for (const { partition, high } of await bus.bounds(topic)) ends.set(`${topic}/${partition}`, high);
  for (const { topic, partition, nextOffset } of fences) {
    const end = ends.get(`${topic}/${partition}`) ?? 0n;
    if (end < BigInt(nextOffset)) shorter.push(`${topic}/${partition} ends at ${end}, handled up to ${nextOffset}`);
  }
  if (shorter.length > 0)
    throw new ShorterLogError(
      `group ${group} can't start: the log is shorter than what was handled, so the topic was re-created or restored, or ` +
        `this is another bus (${shorter.slice(0, 5).join('; ')}). For the first: npm run fence -- reset ${group} TOPIC. ` +
        'Another bus needs data of its own: another database, or with npm start another VAFA_HOME',
    );
};
