import type { EventEnvelope } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { type Parking, waitingKeys } from '../dead-letters/store.ts';
import { reasonOf } from '../errors.ts';
import type { Tx } from '../sql.ts';
import type { Entry } from './entry.ts';
import type { HandlerContext, HandlerResult, Subscription } from './subscription.ts';

const FIRST_WAIT = { milliseconds: 500 };

/**
 * The handler took events of a customer although it set an earlier one of the same batch to wait: all is rolled back and
 * done again without them.
 */
export class OutOfTurn extends Error {
  readonly entries: readonly Entry[];
  constructor(entries: readonly Entry[]) {
    super('later events of a customer must wait behind an earlier one');
    this.entries = entries;
  }
}

/** The events that the handler is given, unless their customer waits or the fence drops them. */
export const eventsFor = ({ ignores }: Subscription, entries: readonly Entry[]): EventEnvelope[] =>
  entries.flatMap(({ event, problem }) => (event && !problem && !ignores.includes(event.type) ? [event] : []));

const keyOf = ({ record }: Entry): string => record.key ?? '';

/** Hands the handler what it may take now, and says what is to be set aside, in order of partition and offset. */
export const handleInOrder = async (
  tx: Tx,
  subscription: Subscription,
  entries: readonly Entry[],
  context: HandlerContext,
  { anyWaiting, prepared }: { anyWaiting: boolean; prepared: unknown },
): Promise<Parking[]> => {
  const inOrder = subscription.order === 'key';
  const blocked =
    inOrder && anyWaiting
      ? await waitingKeys(tx, context.group, context.topic, [...new Set(entries.map(keyOf))])
      : new Set<string>();
  const parkings: Parking[] = [];
  const taken = new Map<EventEnvelope, Entry>();
  for (const entry of entries) {
    const { record, event, problem } = entry;
    if (problem || !event) parkings.push({ record, status: 'parked', ...describe(problem) });
    else if (subscription.ignores.includes(event.type)) continue;
    else if (entry.behind || blocked.has(keyOf(entry))) {
      const message = 'an earlier event of this customer waits';
      parkings.push({ record, status: 'waiting', code: 'bus.behind', message, nextAttemptAt: context.now });
    } else taken.set(event, entry);
  }
  if (taken.size === 0) return parkings;
  const result = (await subscription.handler(tx, [...taken.keys()], context, prepared)) ?? {};
  if (inOrder) checkTurns(result, taken);
  parkings.push(...setAside(result, taken, context.now));
  // The order of waiting events is the order of these rows.
  return parkings.sort(({ record: a }, { record: b }) => a.partition - b.partition || Number(a.offset - b.offset));
};

const describe = (problem: Entry['problem']): { code: string; message: string } => {
  const { code = 'internal', message = '', problems = [] } = problem ?? {};
  const details = problems.map(({ path, message: what }) => `${path || '/'} ${what}`);
  return { code, message: [message, ...details].join('; ').slice(0, 2000) };
};

/** @throws OutOfTurn when the handler took an event whose turn it is not */
const checkTurns = ({ notReady = [] }: HandlerResult, taken: ReadonlyMap<EventEnvelope, Entry>): void => {
  if (notReady.length === 0) return;
  const waiting = new Set(notReady.map(({ event }) => event));
  const waitingCustomers = new Set<string>();
  const tooEarly: Entry[] = [];
  for (const [event, entry] of taken) {
    if (waiting.has(event)) waitingCustomers.add(keyOf(entry));
    else if (waitingCustomers.has(keyOf(entry))) tooEarly.push(entry);
  }
  if (tooEarly.length > 0) throw new OutOfTurn(tooEarly);
};

const setAside = (
  { refused = [], notReady = [] }: HandlerResult,
  taken: ReadonlyMap<EventEnvelope, Entry>,
  now: Temporal.Instant,
): Parking[] => {
  const nextAttemptAt = now.add(FIRST_WAIT);
  const recordOf = ({ event }: { event: EventEnvelope; error: AppError }) => {
    const entry = taken.get(event);
    if (!entry) throw new Error(`the handler set an event aside that it was not given: ${event.type} ${event.id}`);
    return entry.record;
  };
  return [
    ...refused.map((each) => ({ record: recordOf(each), status: 'parked' as const, ...reasonOf(each.error) })),
    ...notReady.map((each) => ({
      record: recordOf(each),
      status: 'waiting' as const,
      ...reasonOf(each.error),
      nextAttemptAt,
    })),
  ];
};

/** An error for events that must wait for something else to arrive first. */
export const notReady = (code: string, message: string): AppError => new AppError('unavailable', code, message);
