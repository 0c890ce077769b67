import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { MemberConfig, Saying } from './member-process.ts';
import { until } from './until.ts';

/** A member in a process of its own. */
export interface ChildMember {
  readonly pid: number;
  /** How often it said something. */
  count(saying: Saying): number;
  /** Waits until it has said something so often. */
  waitFor(saying: Saying, times?: number): Promise<void>;
  /** As a crash, at this very moment. */
  kill9(): Promise<void>;
  /** Stops it from running without its knowing, and lets it go on. */
  freeze(): void;
  thaw(): void;
  /** Asks it to stop. Resolves with its exit code. */
  stop(): Promise<number | null>;
  readonly exited: Promise<number | null>;
}

const PROGRAM = fileURLToPath(new URL('./member-process.ts', import.meta.url));

const end = async (child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exited;
};

/** Starts a member and waits until it listens. */
export const startChildMember = async (config: MemberConfig): Promise<ChildMember> => {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = new Map<string, number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { saying } = JSON.parse(line) as { saying: string };
    said.set(saying, (said.get(saying) ?? 0) + 1);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const count = (saying: Saying): number => said.get(saying) ?? 0;
  const waitFor = (saying: Saying, times = 1): Promise<void> =>
    until(`member says ${saying} ${times} times`, () => count(saying) >= times);
  await Promise.race([
    waitFor('ready'),
    exited.then((code) => {
      throw new Error(`member ended with code ${code} before it was ready`);
    }),
  ]);
  return {
    pid: child.pid as number,
    count,
    waitFor,
    kill9: () => end(child, exited, 'SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: async () => {
      await end(child, exited, 'SIGTERM');
      return child.exitCode;
    },
    exited,
  };
};
