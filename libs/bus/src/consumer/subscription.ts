import { type EventDefinition, type EventEnvelope, type EventOf, type Topic, typesOf } from '@vafa/contracts';
import type { AppError } from '@vafa/kernel';
import type { AlongWithCommit } from '../begin-asking.ts';
import { keepPlans } from '../plans.ts';
import type { Tx } from '../sql.ts';

export interface HandlerContext {
  group: string;
  topic: string;
  /** The first of the partitions whose events these are: no other transaction of the group has it at the same time. */
  partition: number;
  now: Temporal.Instant;
  alongWithCommit: AlongWithCommit;
}

/**
 * What a handler says of events it did not take. `refused` are parked as poison with the error's reason; `notReady` wait
 * for something that has yet to arrive and are tried again by themselves. With order 'key' later events of the customer on
 * this topic wait behind them (also those of the same batch: it is rolled back and handled without them); so what an event
 * waits for must not come on the same topic under the same key, or it waits for itself: use order 'none' there.
 */
export interface HandlerResult {
  refused?: { event: EventEnvelope; error: AppError }[];
  notReady?: { event: EventEnvelope; error: AppError }[];
}

/**
 * Handles events of one or several partitions, each partition's in order, in one open transaction: everything it writes commits
 * together with the fence. It must not call anything over the network. A throw rolls all back; the batch is then retried or halved.
 */
export type EventHandler<Event, Prepared = undefined> = (
  tx: Tx,
  events: readonly Event[],
  context: HandlerContext,
  ...prepared: Prepared extends undefined ? [] : [prepared: Prepared]
) => Promise<HandlerResult | undefined | void>;

/**
 * Reads what the handler will ask first, so that it goes to the database together with the locks of the fences. It is given
 * all events of the batch, also those that the fence will drop, and must not write.
 */
export type Prepare<Event, Prepared> = (tx: Tx, events: readonly Event[]) => Promise<Prepared>;

export interface Subscription {
  topic: Topic;
  handles: readonly string[];
  ignores: readonly string[];
  /** 'key': while an event waits, later ones of the same customer on this topic wait behind it. */
  order: 'key' | 'none';
  /** Its transactions keep their plans, see `keepPlans`. */
  keepsPlans: boolean;
  prepare: Prepare<EventEnvelope, unknown>;
  handler: EventHandler<EventEnvelope, unknown>;
}

/** Prepares and handles, one after the other; what the handler would send along with COMMIT is waited for. */
export const prepareAndHandle = async (
  subscription: Subscription,
  tx: Tx,
  events: readonly EventEnvelope[],
  context: Omit<HandlerContext, 'alongWithCommit'>,
): Promise<HandlerResult> => {
  if (subscription.keepsPlans) await keepPlans(tx);
  const prepared = await subscription.prepare(tx, events);
  const last: Promise<unknown>[] = [];
  const alongWithCommit: AlongWithCommit = (statements) => {
    last.push(statements);
    // Heard below, unless the handler fails before.
    statements.catch(() => undefined);
  };
  const result = await subscription.handler(tx, events, { ...context, alongWithCommit }, prepared);
  await Promise.all(last);
  return result ?? {};
};

/**
 * What a service hears on one topic. Every event type of the topic is either handled or named as ignored, so that a new
 * type is never missed in silence.
 */
export const on = <const Handled extends readonly EventDefinition[], Prepared = undefined>(
  topic: Topic,
  spec: {
    handles: Handled;
    ignores?: readonly EventDefinition[];
    order?: 'key' | 'none';
    keepsPlans?: boolean;
    prepare?: Prepare<EventOf<Handled[number]>, Prepared>;
  },
  handler: EventHandler<EventOf<Handled[number]>, Prepared>,
): Subscription => ({
  topic,
  handles: spec.handles.map(({ type }) => type),
  ignores: (spec.ignores ?? []).map(({ type }) => type),
  order: spec.order ?? 'key',
  keepsPlans: spec.keepsPlans ?? false,
  prepare: (spec.prepare ?? (async () => undefined)) as Subscription['prepare'],
  handler: handler as Subscription['handler'],
});

/** @throws Error that lists every event type of the topics that has no handler, or two, or is foreign to its topic */
export const checkSubscriptions = (group: string, subscriptions: readonly Subscription[]): void => {
  const problems: string[] = [];
  const topics = new Set<string>();
  for (const { topic, handles, ignores } of subscriptions) {
    if (topics.has(topic.name)) problems.push(`topic ${topic.name} is subscribed to twice`);
    topics.add(topic.name);
    const known = typesOf(topic);
    const named = [...handles, ...ignores];
    for (const type of known) {
      const times = named.filter((name) => name === type).length;
      if (times === 0) problems.push(`${type} on ${topic.name} is neither handled nor ignored`);
      if (times > 1) problems.push(`${type} on ${topic.name} is named ${times} times`);
    }
    for (const type of named) if (!known.includes(type)) problems.push(`${type} is no event of ${topic.name}`);
  }
  if (problems.length > 0) throw new Error(`group ${group} can't start: ${problems.join('; ')}`);
};
