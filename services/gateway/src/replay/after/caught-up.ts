import { sleep } from '@vafa/bus';
import { type Aftermath, ASKED, type ServiceUrls } from '../options.ts';
import type { Progress } from '../progress.ts';
import type { Ask } from './ask.ts';

const POLL_MS = 500;
/** What one service hands on shows in the next one's lag a moment later: all must be at rest several times in a row. */
const QUIET_POLLS = 3;

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
  options: { ask: Ask; progress: Progress; patienceMs: number; signal: AbortSignal },
): Promise<Rest> => {
  const { ask, progress, patienceMs, signal } = options;
  const started = performance.now();
  let most = 0;
  let lastWork = Number.POSITIVE_INFINITY;
  let lastMove = started;
  const seen = new Set<string>();
  for (let quiet = 0; ; ) {
    const [statuses, due] = await Promise.all([askAll(urls, ask), dueTransitions(urls, ask)]);
    const work = due + [...statuses.values()].reduce((sum, status) => sum + workOf(status), 0);
    most = Math.max(most, work);
    if (work !== lastWork) lastMove = performance.now();
    lastWork = work;
    // One that answered before and does not now is being restarted: it may have work to do.
    for (const [name, status] of statuses) if (status) seen.add(name);
    const allBack = [...statuses].every(([name, status]) => status || !seen.has(name));
    quiet = work === 0 && allBack ? quiet + 1 : 0;
    progress.show(most - work, most, describe(statuses, due));
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

const workOf = (status: Status | undefined): number => (status ? status.lag + status.outboxDepth : 0);

const describe = (statuses: Map<string, Status | undefined>, due: number): string => {
  const busy = [...statuses].flatMap(([name, status]) => {
    if (!status) return [`${name} does not answer`];
    return workOf(status) > 0 ? [`${name} ${workOf(status)}`] : [];
  });
  if (due > 0) busy.push(`lifecycle changes by time ${due}`);
  return busy.length > 0 ? `left to do: ${busy.join(', ')}` : 'all caught up';
};

const askAll = async (urls: ServiceUrls, ask: Ask): Promise<Map<string, Status | undefined>> =>
  new Map(
    await Promise.all(
      ASKED.map(async (name) => [name, (await ask(`${urls[name]}/v1/status`)) as Status | undefined] as const),
    ),
  );

/** Customers whose lifecycle state changes by time, and is due: after old events there are many, one state after another. */
const dueTransitions = async (urls: ServiceUrls, ask: Ask): Promise<number> => {
  const counts = await ask(`${urls.segmentation}/v1/lifecycle/counts`);
  return typeof counts?.due === 'number' ? counts.due : 0;
};
