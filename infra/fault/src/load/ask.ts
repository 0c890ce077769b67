import { setTimeout as wait } from 'node:timers/promises';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

export interface Ask {
  service: string;
  method: string;
  path: string;
  body?: object;
  idempotencyKey?: string;
}

/** Sends requests as a patient shop does: again and again, until it is told yes or no. */
export interface Caller {
  /** @returns undefined when there was no answer before the load was given up */
  untilAnswered(ask: Ask): Promise<Answer | undefined>;
  /** Once. @returns undefined without an answer */
  once(ask: Ask): Promise<Answer | undefined>;
  /** How often each answer was given, by status and code; 'none' where there was no answer. */
  answers(): Record<string, number>;
}

const TIMEOUT_MS = 4_000;
const PAUSE_MS = 120;
/** Answers that say "not now": the service is away, starting, overloaded, or busy with this very request. */
const isLater = ({ status, body }: Answer): boolean =>
  status >= 500 || status === 429 || (status === 409 && body.code === 'gateway.request_in_flight');

export const createCaller = (urls: Record<string, string>, apiKey: string, givenUp: AbortSignal): Caller => {
  const answers: Record<string, number> = {};
  const count = (answer: Answer | undefined): void => {
    const name = answer ? `${answer.status} ${answer.status < 300 ? '' : String(answer.body.code)}`.trim() : 'none';
    answers[name] = (answers[name] ?? 0) + 1;
  };

  const send = async ({ service, method, path, body, idempotencyKey }: Ask): Promise<Answer | undefined> => {
    try {
      const answer = await fetch(`${urls[service]}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), givenUp]),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    } catch {
      // No connection, a connection cut in the middle, half an answer: whatever it was, nobody said yes or no.
      return undefined;
    }
  };

  const once = async (ask: Ask): Promise<Answer | undefined> => {
    const answer = await send(ask);
    count(answer);
    return answer;
  };

  return {
    once,
    answers: () => ({ ...answers }),
    untilAnswered: async (ask) => {
      while (!givenUp.aborted) {
        const answer = await once(ask);
        if (answer && !isLater(answer)) return answer;
        await wait(PAUSE_MS);
      }
      return undefined;
    },
  };
};
