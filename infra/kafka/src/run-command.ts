import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a command ended; `missing` when there is no such command on the PATH. */
export interface CommandResult {
  missing: boolean;
  timedOut: boolean;
  exitCode: number | null;
  /** The last lines of both streams, at most `KEPT_LINES`. */
  tail: string[];
}

const KEPT_LINES = 200;

/** Runs a command to its end and hands each line of its output to `onLine`. Never rejects: the result tells. */
export const runCommand = (
  command: string,
  args: string[],
  limitMs: number,
  onLine: (line: string) => void = () => undefined,
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const tail: string[] = [];
    let timedOut = false;
    let missing = false;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, limitMs);
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        tail.push(line);
        if (tail.length > KEPT_LINES) tail.shift();
        onLine(line);
      });
    }
    const settle = (exitCode: number | null): void => {
      clearTimeout(timer);
      resolve({ missing, timedOut, exitCode, tail });
    };
    child.on('error', (error) => {
      missing = 'code' in error && error.code === 'ENOENT';
      tail.push(error.message);
      settle(null);
    });
    child.on('close', settle);
  });
