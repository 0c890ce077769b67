import { backOffMs, sleep } from '@vafa/bus';
import { messageOf } from '@vafa/kernel';
import { ReplayError } from '../replay-error.ts';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of several services, looked at field by field
  body: any;
}

export interface ClientOptions {
  apiKey: string | undefined;
  signal: AbortSignal;
  /** How long nothing may succeed before it is given up. */
  patienceMs: number;
  /** Called when a request has to wait. */
  onWait: (why: string, waitMs: number) => void;
}

const REQUEST_TIMEOUT_MS = 60_000;
const MAX_WAIT_MS = 30_000;
/** Statuses that say "later": too many requests, and servers or proxies that are not there just now. */
const LATER = new Set([429, 500, 502, 503, 504]);

export type Call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: string) => Promise<Answer>;

/**
 * Calls that wait and try again: a refused connection and "later" answers, as long as Retry-After says, or with a growing
 * pause. Every event has a fixed id, so a request whose answer was lost may be sent again.
 */
export const createClient = (options: ClientOptions): Call => {
  const { apiKey, signal, patienceMs, onWait } = options;
  let lastSuccess = performance.now();
  return async (method, url, body) => {
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      const outcome = await once(method, url, body, apiKey, signal);
      if ('answer' in outcome && !LATER.has(outcome.answer.status)) {
        lastSuccess = performance.now();
        return checkKey(outcome.answer);
      }
      const why = 'answer' in outcome ? `${new URL(url).host} answers ${outcome.answer.status}` : outcome.trouble;
      if (performance.now() - lastSuccess > patienceMs)
        throw new ReplayError(
          `${why}, for ${Math.round(patienceMs / 1000)} s now; what was acknowledged is noted, run the same command again to go on`,
        );
      const waitMs = Math.min(MAX_WAIT_MS, outcome.retryAfterMs ?? backOffMs(attempt));
      onWait(why, waitMs);
      await sleep(waitMs, signal);
    }
  };
};

type Outcome = { retryAfterMs?: number } & ({ answer: Answer } | { trouble: string });

const once = async (
  method: string,
  url: string,
  body: string | undefined,
  apiKey: string | undefined,
  signal: AbortSignal,
): Promise<Outcome> => {
  try {
    const response = await fetch(url, {
      method,
      headers: {
        ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const answer = { status: response.status, body: read(await response.text()) };
    return Number.isFinite(seconds) ? { answer, retryAfterMs: Math.max(50, seconds * 1000) } : { answer };
  } catch (error) {
    signal.throwIfAborted();
    const cause = (error as Error).cause;
    return { trouble: `${new URL(url).host} can't be reached (${messageOf(cause ?? error)})` };
  }
};

const read = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return { detail: text.slice(0, 200) };
    throw error;
  }
};

/** A key that is refused once is refused for every event. */
const checkKey = (answer: Answer): Answer => {
  if (answer.status !== 401 && answer.status !== 403) return answer;
  throw new ReplayError(
    `the API key is not accepted: ${answer.body?.detail ?? answer.status}. Give one by --api-key or VAFA_API_KEY`,
  );
};
