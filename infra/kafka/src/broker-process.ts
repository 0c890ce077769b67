import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { javaArguments } from './jvm-flags.ts';
import type { Place } from './place.ts';

/** How a broker ended. */
interface Ending {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** A broker of ours, answering or not yet. */
export interface BrokerProcess {
  pid: number;
  /** Where in the log file its output begins. */
  logStartBytes: number;
  /** Settles when the process is gone. Never rejects. */
  ended: Promise<Ending>;
  isAlive(): boolean;
  signal(signal: NodeJS.Signals): void;
}

const LARGEST_LOG_BYTES = 10 * 1_048_576;

/** Appends, so that the reason of the last crash stays readable; a large log is moved aside once. */
const openLog = (path: string): { fd: number; startBytes: number } => {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes <= LARGEST_LOG_BYTES) return { fd: openSync(path, 'a'), startBytes: sizeBytes };
  renameSync(path, `${path}.1`);
  return { fd: openSync(path, 'a'), startBytes: 0 };
};

/**
 * A shell that waits for this process to end, in whatever way: its standard input is a pipe that only we hold, which the
 * system closes even after kill -9. Then it stops the broker, and kills it when it has not stopped within 10 s.
 */
const GUARD =
  'read -r _; kill -TERM "$1" || exit 0; for _ in $(seq 100); do sleep 0.1; kill -0 "$1" || exit 0; done; kill -KILL "$1"';

const startGuard = (pid: number): ChildProcess => {
  const guard = spawn('sh', ['-c', GUARD, 'vafa-kafka-guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined); // without a shell there is no guard; the next start still finds the broker by its pid file
  // neither may keep a program running that is done
  guard.unref();
  if (guard.stdin && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
};

/** Starts java in a process group of its own: Ctrl-C in the terminal reaches us alone, and we stop it in order. */
export const launchBroker = (place: Place, jarDir: string, moreFlags: string[] = []): Promise<BrokerProcess> =>
  new Promise((resolve, reject) => {
    const log = openLog(place.logPath);
    const args = [...javaArguments(place, jarDir, moreFlags), 'kafka.Kafka', place.propertiesPath];
    const child = spawn('java', args, { cwd: place.dir, stdio: ['ignore', log.fd, log.fd], detached: true });
    closeSync(log.fd);
    child.once('error', reject);
    child.once('spawn', () => {
      const pid = child.pid as number;
      try {
        writeFileSync(place.pidPath, `${pid}\n`);
      } catch (error) {
        child.kill('SIGKILL'); // a broker that no later start could find must not run
        reject(error);
        return;
      }
      const guard = startGuard(pid);
      const ended = new Promise<Ending>((settle) => {
        child.once('exit', (exitCode, signal) => {
          guard.kill('SIGKILL');
          rmSync(place.pidPath, { force: true });
          settle({ exitCode, signal });
        });
      });
      resolve({
        pid,
        logStartBytes: log.startBytes,
        ended,
        isAlive: () => child.exitCode === null && child.signalCode === null,
        signal: (signal) => void child.kill(signal),
      });
    });
  });
