import { CustomerErased, CustomerMerged, type EventEnvelope, problemsOf } from '@vafa/contracts';
import { AppError, type FieldProblem } from '@vafa/kernel';
import { eventIdProblems } from '../domain/event-id.ts';
import { unknownProblems } from '../domain/known-fields.ts';
import { readOccurredAt } from '../domain/occurred-at.ts';
import { unkeepableProblems } from '../domain/unkeepable-text.ts';
import type { CustomerDeed } from './customer-events.ts';
import { explainProblems } from './explain-problem.ts';

const MAX_PROBLEMS = 20;

export interface DeedContext {
  now: Temporal.Instant;
  futureToleranceMs: number;
  traceparent: string;
  makeEventId: (index: number) => string;
}

/** Turns what is special of a deed into its events, with whatever is wrong. */
export type ReadEvents = (
  rest: Readonly<Record<string, unknown>>,
  deed: CustomerDeed,
) => { events: EventEnvelope[]; problems: FieldProblem[] };

/**
 * Reads a request about one customer: whose, when, under which event id, and the events.
 * @throws AppError invalid `gateway.invalid_customer` naming every field, `gateway.in_the_future`
 */
export const readDeed = (
  customerId: string,
  body: unknown,
  context: DeedContext,
  readEvents: ReadEvents,
): EventEnvelope[] => {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new AppError('invalid', 'gateway.invalid_customer', 'the body must be an object');
  const { occurredAt, eventId, ...rest } = body as Record<string, unknown>;
  const time = readOccurredAt(occurredAt, context.now, context.futureToleranceMs);
  const problems = [
    ...problemsOf(CustomerErased, { customerId }),
    ...unkeepableProblems({ ...rest, customerId }),
    ...eventIdProblems(eventId),
  ];
  if (!time.ok && time.reason === 'invalid') problems.push({ path: '/occurredAt', message: time.message });
  const { events, problems: others } = readEvents(rest, {
    eventId: typeof eventId === 'string' ? eventId : context.makeEventId(0),
    time: time.ok ? time.instant : context.now,
    traceparent: context.traceparent,
  });
  const all = explainProblems([...problems, ...others], MAX_PROBLEMS);
  const [first] = all;
  if (first)
    throw new AppError(
      'invalid',
      'gateway.invalid_customer',
      `not accepted: ${first.path || 'the body'} ${first.message}`,
      { problems: all },
    );
  if (!time.ok)
    throw new AppError('invalid', 'gateway.in_the_future', 'occurredAt lies in the future', {
      problems: [{ path: '/occurredAt', message: time.message }],
    });
  return events;
};

/** Fields a deed does not have are refused: a misspelt one would be lost in silence. */
export const onlyFields = (given: Readonly<Record<string, unknown>>, ...known: string[]): FieldProblem[] =>
  unknownProblems(given, new Set(known));

/** The customer another one goes up in. */
export const readMergeTarget = (customerId: string, into: unknown): { target: string; problems: FieldProblem[] } => {
  const problems = problemsOf(CustomerMerged, { customerId, intoCustomerId: into })
    .filter(({ path }) => path !== '/customerId')
    .map(({ path, message }) => ({
      path: path.replace('/intoCustomerId', '/into') || '/into',
      message: message.replace('intoCustomerId', 'into'),
    }));
  const explained = explainProblems(problems, MAX_PROBLEMS);
  if (into === customerId)
    explained.push({ path: '/into', message: 'must be another customer than the one in the path' });
  return { target: String(into), problems: explained };
};
