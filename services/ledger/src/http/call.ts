import type { Clock } from '@vafa/kernel';
import type { Call } from '../use-cases/reserve-points.ts';

interface Authenticated {
  apiKey?: { id: string } | undefined;
}

/** Who is on record for a change: the API key. */
export const actorOf = (request: Authenticated): string => request.apiKey?.id ?? 'unknown';

export const callOf = (request: Authenticated & { traceparent: string }, clock: Clock): Call => ({
  actor: actorOf(request),
  now: clock.now(),
  traceparent: request.traceparent,
});
