import type { Clock } from '@vafa/kernel';
import type { Call, Caller } from '../use-cases/call.ts';

interface Authenticated {
  apiKey?: { id: string } | undefined;
}

/** Who is on record for a change: the API key. */
export const actorOf = (request: Authenticated): string => request.apiKey?.id ?? 'unknown';

export const callerOf = (request: Authenticated & { traceparent: string }): Caller => ({
  actor: actorOf(request),
  ...(request.traceparent === '' ? {} : { traceparent: request.traceparent }),
});

export const callOf = (request: Authenticated & { traceparent: string }, clock: Clock): Call => ({
  ...callerOf(request),
  now: clock.now(),
});
