import { writeFile } from 'node:fs/promises';
import { waitUntilItAnswers } from './await-answer.ts';
import { type BrokerProcess, launchBroker } from './broker-process.ts';
import { explainFileError } from './explain-failure.ts';
import { type HeldLock, tryLock } from './held-lock.ts';
import { resolveJars } from './jars.ts';
import { requireJava } from './java.ts';
import { stopLeftover } from './leftover.ts';
import { LocalKafkaError } from './local-kafka-error.ts';
import { openPlace, type Place } from './place.ts';
import { findFreePort, requirePort } from './ports.ts';
import { serverProperties } from './server-properties.ts';
import { formatOnce } from './storage.ts';

export interface StartKafkaOptions {
  /** Where data, settings and log are kept; made when missing. One broker at a time. */
  dir: string;
  /** On 127.0.0.1; 0 or none: a free one. */
  port?: number;
  /** Where the jars are kept; without it `.vafa/kafka` of the repository. */
  cacheDir?: string;
  /** Told what takes time. */
  log?: (line: string) => void;
  /** More lines of server.properties. */
  extraConfig?: Record<string, string>;
  /** Told when the broker ends though nobody asked it to. */
  onDeath?: (error: LocalKafkaError) => void;
}

/** One broker of Apache Kafka on loopback. It ends with this process, however this process ends. */
export interface LocalKafka {
  /** As KAFKA_BROKERS wants it. */
  readonly brokers: string[];
  readonly port: number;
  /** Of the running broker; of the last one when none runs. */
  readonly pid: number;
  readonly logPath: string;
  /** In order; killed when that takes longer than 15 s. Nothing happens when it does not run. */
  stop(): Promise<void>;
  /** As a crash; resolves when the process is gone. */
  kill9(): Promise<void>;
  /** Starts it again with the same data and port, after stopping it when it runs. @throws as startKafka */
  restart(): Promise<void>;
}

interface Running {
  process: BrokerProcess;
  lock: HeldLock;
  wanted: boolean;
}

const STOP_LIMIT_MS = 15_000;
const PORT_TRIES = 3;

const startOn = async (
  place: Place,
  jarDir: string,
  port: number,
  options: StartKafkaOptions,
): Promise<BrokerProcess> => {
  const controllerPort = await findFreePort();
  if (await formatOnce(place, jarDir, controllerPort, port)) options.log?.(`formatted new storage in ${place.dataDir}`);
  await writeFile(place.propertiesPath, serverProperties({ ...options, port, controllerPort, dataDir: place.dataDir }));
  const process = await launchBroker(place, jarDir);
  await waitUntilItAnswers(place, jarDir, process, port);
  return process;
};

/**
 * A port that was free may be taken a moment later by another start: then others are tried, except for a fixed one that is itself
 * in use.
 */
const startOnSomePort = async (
  place: Place,
  jarDir: string,
  options: StartKafkaOptions,
): Promise<{ process: BrokerProcess; port: number }> => {
  const fixed = options.port !== undefined && options.port !== 0 ? options.port : undefined;
  for (let tries = 1; ; tries += 1) {
    if (fixed !== undefined) await requirePort(fixed);
    const port = fixed ?? (await findFreePort());
    try {
      return { process: await startOn(place, jarDir, port, options), port };
    } catch (error) {
      const mayPass = error instanceof LocalKafkaError && error.code === 'port_in_use' && tries < PORT_TRIES;
      if (!mayPass) throw error;
    }
  }
};

const startOnce = async (options: StartKafkaOptions): Promise<{ running: Running; place: Place; port: number }> => {
  const log = options.log ?? (() => undefined);
  const place = await openPlace(options.dir);
  let lock: HeldLock | undefined;
  try {
    lock = await tryLock(place.lockPath);
    if (!lock) {
      throw new LocalKafkaError(
        'already_running',
        `A Kafka with its data in ${place.dir} is already running: stop it, or choose another folder.`,
      );
    }
    await stopLeftover(place, log);
    await requireJava();
    const jarDir = await resolveJars({ ...options, log });
    const { process, port } = await startOnSomePort(place, jarDir, options);
    return { running: { process, lock, wanted: true }, place, port };
  } catch (error) {
    lock?.release();
    throw explainFileError(error, place.dir);
  }
};

/**
 * Starts one Apache Kafka broker, its own controller, on 127.0.0.1 and resolves when it answers. Its data is kept
 * between starts, and after a crash it is repaired by the start.
 * @throws LocalKafkaError java_missing, java_too_old, java_crashed, maven_missing, maven_failed, port_in_use, already_running,
 * disk_full, data_damaged, wrong_version, start_failed, start_timeout, lock_timeout
 */
export const startKafka = async (options: StartKafkaOptions): Promise<LocalKafka> => {
  const started = await startOnce(options);
  const { place, port } = started;
  let running: Running | undefined;
  let pid = 0;

  const adopt = (next: Running): void => {
    running = next;
    pid = next.process.pid;
    void next.process.ended.then(({ exitCode, signal }) => {
      next.lock.release();
      if (running === next) running = undefined;
      if (next.wanted) {
        options.onDeath?.(
          new LocalKafkaError(
            'died',
            `Kafka ended by itself (${signal ?? `exit code ${exitCode}`}): see ${place.logPath}.`,
          ),
        );
      }
    });
  };

  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (!running) return;
    const { process } = running;
    running.wanted = false;
    process.signal(signal);
    const timer = setTimeout(() => process.signal('SIGKILL'), STOP_LIMIT_MS);
    await process.ended;
    clearTimeout(timer);
  };

  adopt(started.running);
  return {
    brokers: [`127.0.0.1:${port}`],
    port,
    logPath: place.logPath,
    get pid() {
      return pid;
    },
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      adopt((await startOnce({ ...options, port })).running);
    },
  };
};
