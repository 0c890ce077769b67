import { readFile, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerProcess } from './broker-process.ts';
import { explainFailure } from './explain-failure.ts';
import { LocalKafkaError } from './local-kafka-error.ts';
import type { Place } from './place.ts';
import { answersAsKafka } from './probe.ts';

const START_LIMIT_MS = 60_000;
const PROBE_EVERY_MS = 50;

const SCARCE_BYTES = 1_048_576;

/** What the broker printed; on a full disk it could not even print that. */
const outputOf = async (place: Place, process: BrokerProcess): Promise<string> => {
  const output = (await readFile(place.logPath)).subarray(process.logStartBytes).toString('utf8');
  if (output.trim() !== '') return output;
  const { bavail, bsize } = await statfs(place.dir);
  return bavail * bsize < SCARCE_BYTES ? 'No space left on device' : '';
};

/**
 * Resolves when the broker answers; one that does not in time is killed.
 * @throws LocalKafkaError port_in_use, disk_full, data_damaged, already_running, wrong_version, java_too_old, java_crashed,
 * start_failed, start_timeout
 */
export const waitUntilItAnswers = async (
  place: Place,
  jarDir: string,
  process: BrokerProcess,
  port: number,
): Promise<void> => {
  const deadline = performance.now() + START_LIMIT_MS;
  while (process.isAlive()) {
    if (await answersAsKafka(port)) return;
    if (performance.now() > deadline) {
      process.signal('SIGKILL');
      await process.ended;
      throw new LocalKafkaError(
        'start_timeout',
        `Kafka did not answer on 127.0.0.1:${port} within ${START_LIMIT_MS / 1000} s: see ${place.logPath}.`,
      );
    }
    await sleep(PROBE_EVERY_MS);
  }
  throw explainFailure(await outputOf(place, process), {
    dataDir: place.dataDir,
    port,
    logPath: place.logPath,
    jarDir,
  });
};
