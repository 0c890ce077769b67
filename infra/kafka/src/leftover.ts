import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalKafkaError } from './local-kafka-error.ts';
import type { Place } from './place.ts';
import { runCommand } from './run-command.ts';

const STOP_LIMIT_MS = 10_000;
const KILL_LIMIT_MS = 5_000;
const POLL_MS = 50;
const PS_LIMIT_MS = 5_000;

/** The command line of a process; undefined when it is gone, a zombie, or not ours to see. */
const commandLineOf = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text === '' ? undefined : text;
  }
  const { exitCode, tail } = await runCommand('ps', ['-o', 'command=', '-p', String(pid)], PS_LIMIT_MS);
  return exitCode === 0 ? tail.join('\n') : undefined;
};

/** Is the process the broker of this place? A process id alone proves nothing: it may have been given away again. */
const isBrokerOf = async (place: Place, pid: number): Promise<boolean> =>
  (await commandLineOf(pid))?.includes(place.propertiesPath) ?? false;

const waitUntilGone = async (place: Place, pid: number, limitMs: number): Promise<boolean> => {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (!(await isBrokerOf(place, pid))) return true;
    await sleep(POLL_MS);
  }
  return !(await isBrokerOf(place, pid));
};

const signalIfThere = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/**
 * Stops the broker of this place that outlived its parent. It is stopped and not adopted: it was started for somebody
 * else's settings, and only a child tells us when it dies. The caller holds the place's lock, so no living parent has it.
 * @throws LocalKafkaError already_running when it cannot be ended
 */
export const stopLeftover = async (place: Place, log: (line: string) => void): Promise<void> => {
  const text = await readFile(place.pidPath, 'utf8').catch(() => '');
  const pid = Number(text.trim());
  if (Number.isSafeInteger(pid) && pid > 1 && (await isBrokerOf(place, pid))) {
    log(`stopping a Kafka that outlived its parent (process ${pid})`);
    signalIfThere(pid, 'SIGTERM');
    if (!(await waitUntilGone(place, pid, STOP_LIMIT_MS))) {
      signalIfThere(pid, 'SIGKILL');
      if (!(await waitUntilGone(place, pid, KILL_LIMIT_MS))) {
        throw new LocalKafkaError(
          'already_running',
          `Process ${pid} is a Kafka of ${place.dir} from an earlier start and does not end: kill it and start again.`,
        );
      }
    }
  }
  await rm(place.pidPath, { force: true });
};
