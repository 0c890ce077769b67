import type { EventBus } from '@vafa/bus';
import { type EventEnvelope, encodeEvent } from '@vafa/contracts';
import { AppError, idFrom, newId } from '@vafa/kernel';
import { idempotencyKeyOf, requestHash, type ServiceContext } from '@vafa/platform';
import { findKeptAnswer, keepAnswer, tryHoldKey } from '../store/kept-answers.ts';
import type { HttpReply, HttpRequest } from './request.ts';

/** What a request comes to: the events to publish, then the answer to give. */
export interface Publication<Answer = object> {
  events: readonly EventEnvelope[];
  answer: Answer;
}

const ACCEPTED = 202;
const IN_FLIGHT_RETRY_SECONDS = 1;

type Context = Pick<ServiceContext, 'sql' | 'bus' | 'clock'>;

/** Everything of one request goes to the bus at once; the caller hears 202 only after the bus has it. */
const publish = async (bus: EventBus, events: readonly EventEnvelope[]): Promise<void> => {
  if (events.length > 0) await bus.publish(events.map(encodeEvent));
};

/**
 * Ids for the events of a request that have no name of their own. A repeated request (same API key, same
 * Idempotency-Key) gets the same ids again, so that a crash between publishing and keeping the answer does no harm.
 */
export const eventIdsOf = (request: HttpRequest): ((index: number) => string) => {
  const key = idempotencyKeyOf(request);
  return key === undefined ? newId : (index) => idFrom('gateway', request.method, request.url, key, String(index));
};

/**
 * Publishes and answers 202. With an Idempotency-Key the answer is kept, after the bus has acknowledged, and given again
 * to the same request; without one no row is written and no connection is taken.
 * @throws AppError conflict `http.idempotency_key_reused` for the same key with another request
 * @throws AppError conflict `gateway.request_in_flight` while the first request with that key is under way
 * @throws AppError unavailable when the bus does not take the events in time
 */
export const publishOnce = async <Answer>(
  context: Context,
  request: HttpRequest,
  reply: HttpReply,
  prepare: () => Publication<Answer>,
): Promise<Answer> => {
  reply.code(ACCEPTED);
  const key = idempotencyKeyOf(request);
  if (key === undefined) {
    const { events, answer } = prepare();
    await publish(context.bus, events);
    return answer;
  }
  const hash = requestHash(request);
  return context.sql.begin(async (tx): Promise<Answer> => {
    if (!(await tryHoldKey(tx, key)))
      throw new AppError('conflict', 'gateway.request_in_flight', 'a request with this Idempotency-Key is under way', {
        retryAfterSeconds: IN_FLIGHT_RETRY_SECONDS,
      });
    const kept = await findKeptAnswer(tx, key);
    if (kept && kept.requestHash !== hash)
      throw new AppError(
        'conflict',
        'http.idempotency_key_reused',
        'this Idempotency-Key was used with another request',
      );
    if (kept) {
      reply.header('idempotency-replayed', 'true');
      return JSON.parse(kept.body) as Answer;
    }
    const { events, answer } = prepare();
    await publish(context.bus, events);
    await keepAnswer(
      tx,
      { key, requestHash: hash, status: ACCEPTED, body: JSON.stringify(answer) },
      context.clock.now(),
    );
    return answer;
  }) as Promise<Answer>;
};
