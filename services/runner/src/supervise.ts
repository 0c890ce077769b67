import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT_SETTINGS } from './environment.ts';

export interface Supervised {
  /** Resolves when the process is ready for the first time. @throws Error when it does not become that */
  ready: Promise<void>;
  pid(): number | undefined;
  restarts(): number;
  stop(limitMs: number): Promise<void>;
}

/**
 * Against collections of old objects, each of which means 45 to 80 ms of slow answers on two cores (decision 0013): room (MB)
 * for them from the start, as V8 begins with little and collects nearly every second under load until it has learnt; and no guess
 * at which allocations live long, as now and then it takes the buffers of messages for old ones, for the life of the process.
 */
const V8_FLAGS = ['--initial-old-space-size=256', '--no-allocation-site-pretenuring'];
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 30_000;
/** A process that lived this long has recovered: waits begin anew. */
const HEALTHY_AFTER_MS = 30_000;
/** A process that was never ready is tried again for this long: a broker or database may be just starting too. */
const FIRST_START_LIMIT_MS = 30_000;

/**
 * Keeps one process of the runner alive: what crashes is started again, sooner at first and later more slowly. Wrong
 * settings are not retried, and what never became ready only for a while.
 */
export const supervise = (options: {
  label: string;
  services: readonly string[];
  env: Record<string, string>;
  say: (line: string) => void;
  /** Longest wait before it is started again. */
  maxWaitMs?: number;
  /** How long a process that was never ready is tried again. */
  firstStartLimitMs?: number;
  /** The program to run; the runner's own unless given. */
  main?: string;
  /** Called when the process ended with what a restart won't mend. */
  onGivenUp: (code: number) => void;
}): Supervised => {
  const { label, services, env, say, onGivenUp, maxWaitMs = MAX_WAIT_MS } = options;
  const { firstStartLimitMs = FIRST_START_LIMIT_MS } = options;
  const { main = fileURLToPath(new URL('./main.ts', import.meta.url)) } = options;
  const begunAt = performance.now();
  let child: ChildProcess | undefined;
  let stopping = false;
  let restarts = 0;
  let waitMs = FIRST_WAIT_MS;
  let timer: NodeJS.Timeout | undefined;
  let becameReady: () => void;
  let failedFirst: (error: Error) => void;
  let everReady = false;
  const ready = new Promise<void>((resolve, reject) => {
    becameReady = resolve;
    failedFirst = reject;
  });

  const start = (): void => {
    const startedAt = performance.now();
    child = spawn(process.execPath, [...V8_FLAGS, main, ...services], {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', () => {
      everReady = true;
      becameReady();
    });
    child.on('exit', (code, signal) => {
      child = undefined;
      if (stopping) return;
      if (code === EXIT_SETTINGS || (!everReady && performance.now() - begunAt > firstStartLimitMs)) {
        failedFirst(new Error(`${label} could not start (see above)`));
        if (code === EXIT_SETTINGS) onGivenUp(code);
        return;
      }
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) waitMs = FIRST_WAIT_MS;
      restarts += 1;
      say(`${label} ended (${signal ?? `code ${code}`}), starting it again in ${waitMs / 1000} s`);
      timer = setTimeout(start, waitMs);
      waitMs = Math.min(maxWaitMs, waitMs * 2);
    });
  };
  start();

  return {
    ready,
    pid: () => child?.pid,
    restarts: () => restarts,
    stop: async (limitMs) => {
      stopping = true;
      clearTimeout(timer);
      const current = child;
      if (!current) return;
      const gone = new Promise((resolve) => current.once('exit', resolve));
      current.kill('SIGTERM');
      const killer = setTimeout(() => current.kill('SIGKILL'), limitMs);
      await gone;
      clearTimeout(killer);
    },
  };
};
