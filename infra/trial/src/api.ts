/** Calls a service's API with a key. */
export interface Api {
  /** @throws Error with the answer's text when the status is not 2xx */
  call<Answer = unknown>(service: string, method: string, path: string, body?: unknown): Promise<Answer>;
}

const TIMEOUT_MS = 30_000;

export const createApi = (urls: Record<string, string>, apiKey: string): Api => ({
  call: async (service, method, path, body) => {
    const answer = await fetch(`${urls[service]}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${service}${path} answered ${answer.status}: ${text.slice(0, 500)}`);
    return (text === '' ? undefined : JSON.parse(text)) as never;
  },
});

interface Status {
  lag: number;
  outboxDepth: number;
  deadLetters: { parked: number; waiting: number };
}

/** What is left to do in a service, by its public status. */
export const statusOf = async (url: string): Promise<Status> =>
  (await (await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(TIMEOUT_MS) })).json()) as Status;

/** Waits until the services have handled and published all; looks every `everyMs`. @throws Error after the limit */
export const waitUntilIdle = async (
  urls: Record<string, string>,
  services: readonly string[],
  options: { limitMs: number; everyMs?: number; onLook?: (left: number) => void },
): Promise<void> => {
  const begun = performance.now();
  for (let calm = 0; calm < 2; ) {
    const states = await Promise.all(services.map((name) => statusOf(urls[name] as string).catch(() => undefined)));
    const left = states.reduce(
      (sum, state) => sum + (state ? state.lag + state.outboxDepth + state.deadLetters.waiting : 1),
      0,
    );
    options.onLook?.(left);
    calm = left === 0 ? calm + 1 : 0;
    if (performance.now() - begun > options.limitMs)
      throw new Error(
        `not idle after ${options.limitMs / 1000} s: ${JSON.stringify(Object.fromEntries(services.map((name, i) => [name, states[i] ?? 'no answer'])))}`,
      );
    if (calm < 2) await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 100));
  }
};
