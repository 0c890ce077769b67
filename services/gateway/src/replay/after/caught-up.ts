import { sleep } from '@vafa/bus';
import { type Aftermath, ASKED, type ServiceUrls } from '../options.ts';
import type { Progress } from '../progress.ts';

const POLL_MS = 500;
/** What one service hands on shows in the next one's lag a moment later: all must be at rest several times in a row. */
const QUIET_POLLS = 3;
const ASK_TIMEOUT_MS = 10_000;

interface Status {
  lag: number;
  outboxDepth: number;
  deadLetters: { parked: number; waiting: number };
}

export interface Rest {
  atRest: boolean;
  waitedSeconds: number;
  unreachable: string[];
  deadLetters: Aftermath['deadLetters'];
}

/** Waits until no service has anything left to do, or nothing moves for the length of the patience. */
export const untilCaughtUp = async (
  urls: ServiceUrls,
  options: { progress: Progress; patienceMs: number; signal: AbortSignal },
): Promise<Rest> => {
  const { progress, patienceMs, signal } = options;
  const started = performance.now();
  let most = 0;
  let lastWork = Number.POSITIVE_INFINITY;
  let lastMove = started;
  for (let quiet = 0; ; ) {
    const statuses = await askAll(urls, signal);
    signal.throwIfAborted();
    const work = [...statuses.values()].reduce(
      (sum, status) => sum + (status ? status.lag + status.outboxDepth : 0),
      0,
    );
    most = Math.max(most, work);
    if (work !== lastWork) lastMove = performance.now();
    lastWork = work;
    quiet = work === 0 ? quiet + 1 : 0;
    progress.show(most - work, most, describe(statuses));
    const atRest = quiet >= QUIET_POLLS;
    if (atRest || performance.now() - lastMove > patienceMs) return rest(statuses, atRest, started);
    await sleep(POLL_MS, signal);
  }
};

const rest = (statuses: Map<string, Status | undefined>, atRest: boolean, started: number): Rest => ({
  atRest,
  waitedSeconds: (performance.now() - started) / 1000,
  unreachable: [...statuses].filter(([, status]) => !status).map(([name]) => name),
  deadLetters: Object.fromEntries(
    [...statuses].flatMap(([name, status]) =>
      status && status.deadLetters.parked + status.deadLetters.waiting > 0 ? [[name, status.deadLetters]] : [],
    ),
  ),
});

const describe = (statuses: Map<string, Status | undefined>): string => {
  const busy = [...statuses].flatMap(([name, status]) => {
    if (!status) return [`${name} does not answer`];
    const work = status.lag + status.outboxDepth;
    return work > 0 ? [`${name} ${work}`] : [];
  });
  return busy.length > 0 ? `left to do: ${busy.join(', ')}` : 'all caught up';
};

const askAll = async (urls: ServiceUrls, signal: AbortSignal): Promise<Map<string, Status | undefined>> =>
  new Map(await Promise.all(ASKED.map(async (name) => [name, await ask(urls[name], signal)] as const)));

/** Public, as is all that tells whether a service is well; undefined when the service does not answer. */
const ask = async (url: string, signal: AbortSignal): Promise<Status | undefined> => {
  try {
    const response = await fetch(`${url}/v1/status`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]),
    });
    return response.ok ? ((await response.json()) as Status) : undefined;
  } catch (error) {
    // A service that restarts (or was not started) refuses the connection: it is listed as unreachable.
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError' || signal.aborted) return undefined;
    throw error;
  }
};
