import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { adopt } from './adopt.ts';
import { askServer, superuserUrl } from './ask-server.ts';
import { findBinaryPackage, usableBinaries } from './binaries.ts';
import { prepareData, readPassword } from './data-folder.ts';
import { explainFileError } from './explain-failure.ts';
import { freePort } from './free-port.ts';
import { type HeldLock, tryExclusive, tryShared, waitForLock } from './held-lock.ts';
import { launch } from './launch.ts';
import { findPlace, type Place } from './place.ts';
import { killServer, stopServer } from './stop-server.ts';

export interface LocalPostgresOptions {
  /** Where the data should be, made if missing. `dataDir` of the result says where it is. */
  dir: string;
  /** Left out or 0: the port of the last start if it is still free, else any free one. */
  port?: number;
  /** Server settings such as `{ shared_buffers: '256MB' }`; without effect on a server that is adopted. */
  settings?: Record<string, string>;
  /** Hears what is worth telling a person. */
  log?: (line: string) => void;
}

export interface LocalPostgres {
  /** For the superuser, on 127.0.0.1, with the password. */
  url: string;
  port: number;
  dataDir: string;
  /** What the server itself has to say. */
  logPath: string;
  pid: number;
  /** The server ran already. */
  adopted: boolean;
  /** The server had crashed and repaired its data. */
  recovered: boolean;
  /** Resolves when the server has gone, asked to or not. */
  exited: Promise<void>;
  /**
   * Stops the server, unless another process still uses it. Once; later calls wait for the first.
   * @throws LocalPostgresError stop_timeout, lock_timeout
   */
  stop(): Promise<void>;
  /** Ends the server as a crash would, whoever uses it. @throws LocalPostgresError stop_timeout */
  kill9(): Promise<void>;
}

type Running = Pick<LocalPostgres, 'pid' | 'port' | 'adopted' | 'recovered' | 'exited'>;

/** Longer than the slowest start, which the holder of the lock may be busy with. */
const LOCK_LIMIT_MS = 330_000;

const startLock = (place: Place): Promise<HeldLock> =>
  waitForLock(join(place.area, 'start.lock'), tryExclusive, LOCK_LIMIT_MS);

const usersLockPath = (place: Place): string => join(place.area, 'users.lock');

const recordedPort = async (place: Place): Promise<number | undefined> => {
  const text = await readFile(place.portPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const port = Number(text.trim());
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
};

const startNew = async (place: Place, options: LocalPostgresOptions, log: (line: string) => void): Promise<Running> => {
  const binaries = await usableBinaries(await findBinaryPackage(), place.area, place.account, log);
  const isNew = await prepareData(place, binaries);
  if (isNew) log(`made an empty database in ${place.dataDir}`);
  const password = await readPassword(place);
  const fixedPort = options.port || undefined;
  const server = await launch({
    place,
    binaries,
    port: fixedPort ?? (await recordedPort(place)) ?? (await freePort()),
    portIsFixed: fixedPort !== undefined,
    settings: options.settings ?? {},
    log,
  });
  try {
    await askServer(place, server.port, password);
    await writeFile(place.portPath, `${server.port}\n`);
  } catch (error) {
    await stopServer(server.pid, place, log);
    throw error;
  }
  if (server.recovered) log('PostgreSQL had not been stopped properly and has repaired its data');
  return { ...server, adopted: false };
};

const startOrAdopt = async (
  place: Place,
  options: LocalPostgresOptions,
  log: (line: string) => void,
): Promise<Running> => {
  const running = await adopt(place);
  if (!running) return startNew(place, options, log);
  log(`PostgreSQL runs already (process ${running.pid}, port ${running.port}): using it`);
  if (options.port && options.port !== running.port) {
    log(`it keeps port ${running.port}; port ${options.port} will be used after it has been stopped`);
  }
  return { ...running, adopted: true, recovered: false };
};

const handleFor = async (
  place: Place,
  running: Running,
  use: HeldLock,
  log: (line: string) => void,
): Promise<LocalPostgres> => {
  const stopOnce = async (): Promise<void> => {
    const lock = await startLock(place);
    try {
      use.release();
      const last = tryExclusive(usersLockPath(place));
      if (!last) {
        log('PostgreSQL is left running: another process uses it');
        return;
      }
      last.release();
      await stopServer(running.pid, place, log);
    } finally {
      lock.release();
    }
  };
  let stopped: Promise<void> | undefined;
  return {
    ...running,
    url: superuserUrl(running.port, await readPassword(place)),
    dataDir: place.dataDir,
    logPath: place.logPath,
    stop() {
      stopped ??= stopOnce();
      return stopped;
    },
    async kill9() {
      use.release();
      await killServer(running.pid, place);
    },
  };
};

/**
 * Starts a PostgreSQL 18 of our own for one machine, or takes over the one that runs in this folder. Data is durable
 * unless the settings say otherwise. Several processes may ask for the same folder: one starts, the others adopt.
 * @throws LocalPostgresError whose message is one line that says what to do
 */
export const startLocalPostgres = async (options: LocalPostgresOptions): Promise<LocalPostgres> => {
  const log = options.log ?? (() => undefined);
  const place = await findPlace(options.dir);
  if (place.moved) {
    const wished = resolve(options.dir);
    log(`the database is in ${place.area}: PostgreSQL may not run as root, and other users cannot enter ${wished}`);
  }
  let lock: HeldLock | undefined;
  let use: HeldLock | undefined;
  try {
    lock = await startLock(place);
    const running = await startOrAdopt(place, options, log);
    // While it is held, no other process stops the server under us.
    use = await waitForLock(usersLockPath(place), tryShared, LOCK_LIMIT_MS);
    void running.exited.then(use.release); // a server that is gone is used no more
    return await handleFor(place, running, use, log);
  } catch (error) {
    use?.release();
    throw explainFileError(error, place.area);
  } finally {
    lock?.release();
  }
};
