import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findBinaryPackage, SERVER_ENV, usableBinaries } from './binaries.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import type { Place } from './place.ts';
import { isServerOf } from './postmaster-file.ts';

const POLL_MS = 10;
/** A fast shutdown writes out what is in memory first; an immediate one only ends the processes. */
const FAST_LIMIT_MS = 30_000;
const IMMEDIATE_LIMIT_MS = 10_000;

const waitUntilGone = async (pid: number, dataDir: string, limitMs: number): Promise<boolean> => {
  const deadline = Date.now() + limitMs;
  while (await isServerOf(pid, dataDir)) {
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
};

/** Windows has no signals to ask politely with: PostgreSQL's own tool has another way. */
const askToStop = async (pid: number, place: Place, mode: 'fast' | 'immediate'): Promise<void> => {
  if (process.platform !== 'win32') {
    process.kill(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    return;
  }
  const { pgCtl } = await usableBinaries(await findBinaryPackage(), place.area, place.account, () => undefined);
  await promisify(execFile)(pgCtl, ['stop', '-D', place.dataDir, '-m', mode, '-W'], { env: SERVER_ENV });
};

/**
 * Ends the server: transactions are rolled back, connections closed, memory written out. Repairing at the next start
 * is only needed when this took too long and it had to be ended at once.
 * @throws LocalPostgresError stop_timeout when it is still there after 40 s
 */
export const stopServer = async (pid: number, place: Place, log: (line: string) => void): Promise<void> => {
  if (!(await isServerOf(pid, place.dataDir))) return;
  await askToStop(pid, place, 'fast');
  if (await waitUntilGone(pid, place.dataDir, FAST_LIMIT_MS)) return;
  log(
    `PostgreSQL did not stop within ${FAST_LIMIT_MS / 1000} s: ending it at once, the next start will repair the data`,
  );
  await askToStop(pid, place, 'immediate');
  if (await waitUntilGone(pid, place.dataDir, IMMEDIATE_LIMIT_MS)) return;
  throw new LocalPostgresError(
    'stop_timeout',
    `PostgreSQL (process ${pid}) does not stop: end it with "kill -9 ${pid}"; the next start repairs the data.`,
  );
};

/** Ends the server as a power cut would, for tests of recovery. */
export const killServer = async (pid: number, place: Place): Promise<void> => {
  if (!(await isServerOf(pid, place.dataDir))) return;
  process.kill(pid, 'SIGKILL');
  if (await waitUntilGone(pid, place.dataDir, IMMEDIATE_LIMIT_MS)) return;
  throw new LocalPostgresError('stop_timeout', `PostgreSQL (process ${pid}) is still there after kill -9.`);
};
