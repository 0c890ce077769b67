import { type ChildProcess, spawn } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@vafa/kernel';
import { type Binaries, SERVER_ENV } from './binaries.ts';
import { explainFailure, isPassing, isPortTaken, wasRecovered } from './explain-failure.ts';
import { freePort } from './free-port.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import { endOrphans } from './orphans.ts';
import type { Place } from './place.ts';
import { readPostmasterFile, removeMisleadingFile } from './postmaster-file.ts';
import { openServerLog, readServerLog } from './server-log.ts';
import { serverArguments } from './settings.ts';

interface LaunchRequest {
  place: Place;
  binaries: Binaries;
  /** The first port to try. */
  port: number;
  /** The caller named the port: no other one will do. */
  portIsFixed: boolean;
  settings: Record<string, string>;
  log: (line: string) => void;
}

interface Launched {
  pid: number;
  port: number;
  /** The server found that it had not been stopped properly and repaired itself. */
  recovered: boolean;
  exited: Promise<void>;
}

const POLL_MS = 10;
/** Long, since repairing a large database after a crash takes its time; progress is logged meanwhile. */
const START_LIMIT_MS = 300_000;
const PROGRESS_MS = 5_000;
const ATTEMPTS = 8;
const ATTEMPT_PAUSE_MS = 100;
const FULL_BYTES = 1024 * 1024;

const spawnServer = (request: LaunchRequest, port: number, logFd: number): ChildProcess => {
  const { place, binaries, settings } = request;
  const child = spawn(binaries.postgres, serverArguments(place.dataDir, port, settings), {
    ...place.account,
    cwd: place.area,
    env: SERVER_ENV,
    // A session of its own: Ctrl-C is for the services, which still need the database while they stop.
    detached: true,
    stdio: ['ignore', logFd, logFd],
    windowsHide: true,
  });
  child.unref();
  return child;
};

/** Waits until the server says in its data folder that it takes connections. False when it has gone instead. */
const waitUntilReady = async (child: ChildProcess, startBytes: number, request: LaunchRequest): Promise<boolean> => {
  const { place, log } = request;
  const startedAt = Date.now();
  let toldAt = startedAt;
  while (child.exitCode === null && child.signalCode === null) {
    const file = await readPostmasterFile(place.dataDir);
    if (file?.pid === child.pid && file?.status === 'ready') return true;
    if (Date.now() - toldAt >= PROGRESS_MS) {
      toldAt = Date.now();
      log(
        `PostgreSQL is still starting: ${(await readServerLog(place.logPath, startBytes)).trim().split('\n').at(-1) ?? ''}`,
      );
    }
    if (Date.now() - startedAt >= START_LIMIT_MS) {
      child.kill('SIGQUIT');
      throw new LocalPostgresError(
        'start_timeout',
        `PostgreSQL was not ready after ${START_LIMIT_MS / 1000} s: see ${place.logPath}.`,
      );
    }
    await sleep(POLL_MS);
  }
  return false;
};

type Attempt = { server: Launched } | { output: string };

const attemptLaunch = async (request: LaunchRequest, port: number): Promise<Attempt> => {
  const { place } = request;
  await removeMisleadingFile(place.dataDir);
  const serverLog = await openServerLog(place.logPath);
  try {
    const child = spawnServer(request, port, serverLog.fd);
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const ready = await Promise.race([waitUntilReady(child, serverLog.startBytes, request), failed]);
    const output = await readServerLog(place.logPath, serverLog.startBytes);
    if (!ready || child.pid === undefined) return { output };
    return { server: { pid: child.pid, port, recovered: wasRecovered(output), exited } };
  } catch (error) {
    if (error instanceof LocalPostgresError) throw error;
    throw new LocalPostgresError('start_failed', `PostgreSQL could not be started (${messageOf(error)}).`, error);
  } finally {
    serverLog.close();
  }
};

/** On a full disk the server's last words do not reach its log either. */
const isFull = async (dir: string): Promise<boolean> => {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize < FULL_BYTES;
};

const explain = async (output: string, port: number, place: Place): Promise<LocalPostgresError> => {
  const context = { dataDir: place.dataDir, port, logPath: place.logPath };
  const failure = explainFailure(output, context);
  return failure.code === 'start_failed' && (await isFull(place.area))
    ? explainFailure('No space left on device', context)
    : failure;
};

/**
 * Starts the server of a prepared data folder and waits until it takes connections.
 * @throws LocalPostgresError port_in_use, data_damaged, disk_full, not_writable, bad_setting, start_failed, start_timeout
 */
export const launch = async (request: LaunchRequest): Promise<Launched> => {
  const { place, portIsFixed } = request;
  let port = request.port;
  for (let attempt = 1; ; attempt += 1) {
    const result = await attemptLaunch(request, port);
    if ('server' in result) return result.server;
    const otherPortWillDo = isPortTaken(result.output) && !portIsFixed;
    const mayPass = isPassing(result.output);
    if (attempt >= ATTEMPTS || !(otherPortWillDo || mayPass)) throw await explain(result.output, port, place);
    if (otherPortWillDo) port = await freePort();
    if (mayPass) {
      await endOrphans(place);
      await sleep(ATTEMPT_PAUSE_MS * attempt);
    }
  }
};
