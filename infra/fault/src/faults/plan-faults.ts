import type { Random } from '../random.ts';

/** One thing that goes wrong, `atMs` after the faults begin. */
export type Fault = { atMs: number } & (
  | { kind: 'kill-service'; label: string }
  /** SIGKILL to all processes of a group the moment one of them has committed: the bus was hardly told. */
  | { kind: 'kill-at-commit'; group: string }
  /** SIGSTOP, and SIGCONT after so long that others have taken its work: a zombie wakes. */
  | { kind: 'freeze'; label: string; forMs: number }
  /** SIGTERM one after the other to all processes of a service, as in a deployment. */
  | { kind: 'roll'; service: string }
  /** Some database sessions are cut; `draw` chooses which. */
  | { kind: 'cut-sessions'; count: number; draw: number }
  /** The bus loses committed offsets, so that everything since is delivered again. Postgres log only. */
  | { kind: 'forget-commits'; records: number }
  | { kind: 'kill-postgres' }
  | { kind: 'kill-kafka' }
);

export type FaultKind = Fault['kind'];
export type FaultCounts = Record<FaultKind, number>;

export interface FaultPlanOptions {
  seconds: number;
  bus: 'postgres-log' | 'kafka';
  /** Silence after which a member loses its partitions. */
  leaseMs: number;
  /** Processes by what they run. */
  labels: Readonly<Record<string, readonly string[]>>;
}

/** Services that consume: a frozen gateway would only be a slow one. */
const isConsumer = (service: string): boolean => service !== 'gateway';
const FIRST_MS = 500;
/** Processes of the house in which something is killed every 0.3 to 2 s. */
const FULL_HOUSE = 9;

/**
 * What goes wrong and when, by the seed alone. Everything in the first 90 % of the time, so that the last kill is not mended
 * by the quiet that follows.
 */
export const planFaults = (options: FaultPlanOptions, random: Random): Fault[] => {
  const { seconds, bus, leaseMs, labels } = options;
  const endMs = seconds * 900;
  const all = Object.values(labels).flat();
  const consumers = Object.entries(labels).flatMap(([service, own]) => (isConsumer(service) ? own : []));
  const faults: Fault[] = [];
  const recurring = (name: string, lowMs: number, highMs: number, make: (own: Random, atMs: number) => Fault): void => {
    const own = random.fork(name);
    for (
      let atMs = FIRST_MS + own.between(0, Math.floor(lowMs));
      atMs < endMs;
      atMs += own.between(Math.floor(lowMs), Math.floor(highMs))
    )
      faults.push(make(own, atMs));
  };

  // With fewer processes each would die before it did anything.
  const slower = Math.sqrt(FULL_HOUSE / all.length);
  recurring('kill', 300 * slower, 2_000 * slower, (own, atMs) => ({
    atMs,
    kind: 'kill-service',
    label: own.pick(all),
  }));
  const groups = Object.keys(labels).filter(isConsumer);
  recurring('kill at commit', 700 * slower, 2_000 * slower, (own, atMs) => ({
    ...{ atMs, kind: 'kill-at-commit' },
    group: own.pick(groups),
  }));
  const freezeMs = 2 * leaseMs;
  recurring('freeze', freezeMs, 2 * freezeMs, (own, atMs) => ({
    ...{ atMs, kind: 'freeze' },
    ...{ label: own.pick(consumers), forMs: freezeMs },
  }));
  recurring('cut', 1_500, 4_000, (own, atMs) => ({
    ...{ atMs, kind: 'cut-sessions' },
    ...{ count: own.between(1, 4), draw: own.between(0, 1_000_000) },
  }));
  if (bus === 'postgres-log')
    recurring('forget', 700, 2_500, (own, atMs) => ({ atMs, kind: 'forget-commits', records: own.between(5, 50) }));

  const single = random.fork('single');
  const at = (lowShare: number, highShare: number): number =>
    single.between(Math.floor(seconds * 1_000 * lowShare), Math.floor(seconds * 1_000 * highShare));
  faults.push({ atMs: at(0.35, 0.45), kind: 'kill-postgres' });
  if (bus === 'kafka') faults.push({ atMs: at(0.5, 0.6), kind: 'kill-kafka' });
  faults.push({ atMs: at(0.65, 0.75), kind: 'roll', service: single.pick(Object.keys(labels)) });
  return faults.sort((a, b) => a.atMs - b.atMs);
};
