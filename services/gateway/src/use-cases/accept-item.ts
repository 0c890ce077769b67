import { type EventEnvelope, event, problemsOf } from '@vafa/contracts';
import type { FieldProblem } from '@vafa/kernel';
import { eventIdProblems } from '../domain/event-id.ts';
import { readOccurredAt } from '../domain/occurred-at.ts';
import { explainProblems } from './explain-problem.ts';
import type { ItemKind } from './item-kinds.ts';

/** What all events of the gateway name as their source. */
export const SOURCE = '/vafa/gateway';

/** Why an item was not taken; `code` is stable. */
export interface ItemError {
  code: string;
  message: string;
  problems: FieldProblem[];
}

export type AcceptedItem = { ok: true; event: EventEnvelope } | { ok: false; error: ItemError };

export interface AcceptContext {
  now: Temporal.Instant;
  futureToleranceMs: number;
  traceparent: string;
  /** The id of an item that has none of its own. */
  makeEventId: (index: number) => string;
  /** Most problems listed per item: answers stay readable. */
  maxProblems: number;
}

/**
 * Makes an event out of one item of a request, or says what is wrong with it. No I/O and no promise per item: this is
 * the hot path.
 */
export const acceptItem = (kind: ItemKind, item: unknown, index: number, context: AcceptContext): AcceptedItem => {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return refused(kind, [{ path: '', message: `must be an object: ${kind.name} with its fields` }]);
  const { occurredAt, eventId, ...data } = item as Record<string, unknown>;

  const time = readOccurredAt(occurredAt, context.now, context.futureToleranceMs);
  const problems = [...problemsOf(kind.definition, data), ...kind.problems(data), ...eventIdProblems(eventId)];
  if (!time.ok && time.reason === 'invalid') problems.push({ path: '/occurredAt', message: time.message });
  if (problems.length > 0) return refused(kind, explainProblems(problems, context.maxProblems));
  if (!time.ok)
    return {
      ok: false,
      error: {
        code: 'gateway.in_the_future',
        message: `the ${kind.name} lies in the future`,
        problems: [{ path: '/occurredAt', message: time.message }],
      },
    };

  const id = (eventId as string | undefined) ?? kind.naturalEventId(data) ?? context.makeEventId(index);
  const fields = { id, source: SOURCE, time: time.instant, traceparent: context.traceparent };
  return { ok: true, event: event(kind.definition, fields, data as { customerId: string }) };
};

const refused = (kind: ItemKind, problems: FieldProblem[]): AcceptedItem => {
  const [first] = problems;
  return {
    ok: false,
    error: {
      code: `gateway.invalid_${kind.name}`,
      message: `the ${kind.name} is not accepted: ${first?.path || 'it'} ${first?.message}`,
      problems,
    },
  };
};
