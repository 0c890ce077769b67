import { setTimeout as wait } from 'node:timers/promises';

/** What the services' own counters said over the run, added up over restarts. */
export interface CounterTotals {
  /** Redelivered records that fences absorbed. */
  fenceDropped: number;
  /** Times that partitions were lost or gained. */
  rebalances: number;
  /** Times that a batch began beyond the fence: a committed offset was ahead of the effect. */
  gaps: number;
}

const NAMES: Record<keyof CounterTotals, string> = {
  fenceDropped: 'vafa_bus_fence_dropped_total',
  rebalances: 'vafa_bus_rebalances_total',
  gaps: 'vafa_bus_gap_total',
};
const EVERY_MS = 500;
const TIMEOUT_MS = 2_000;

/** Sum of a counter over its labels, in Prometheus's text form. */
export const sumOf = (text: string, name: string): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);

/** Looks at /metrics all the time; a counter that fell began anew with its process. */
export const watchCounters = (urls: readonly string[]): { stop(): Promise<CounterTotals> } => {
  const stopping = new AbortController();
  const totals: CounterTotals = { fenceDropped: 0, rebalances: 0, gaps: 0 };
  const seen = new Map<string, number>();

  const look = async (url: string): Promise<void> => {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (text === undefined) return;
    for (const [key, name] of Object.entries(NAMES) as [keyof CounterTotals, string][]) {
      const now = sumOf(text, name);
      const before = seen.get(`${url} ${key}`) ?? 0;
      totals[key] += now >= before ? now - before : now;
      seen.set(`${url} ${key}`, now);
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await Promise.all(urls.map(look));
      await wait(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      await Promise.all(urls.map(look));
      return totals;
    },
  };
};
