import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explainFailure } from './explain-failure.ts';
import { javaArguments } from './jvm-flags.ts';
import { LocalKafkaError } from './local-kafka-error.ts';
import { pathExists } from './path-exists.ts';
import type { Place } from './place.ts';
import { runCommand } from './run-command.ts';
import { serverProperties } from './server-properties.ts';

const FORMAT_LIMIT_MS = 60_000;

const isEmpty = async (dir: string): Promise<boolean> => (await readdir(dir)).length === 0;

/** A KRaft cluster id: 16 bytes as base64url. One that began with a dash would be read as an option. */
const newClusterId = (): string => {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
};

/**
 * Formats the storage of a new broker, once. Formats beside the place and moves the result, so that a format which was
 * cut off leaves no half-made data that the next start would take for real.
 * @returns whether it was formatted now
 * @throws LocalKafkaError data_damaged, disk_full, start_failed
 */
export const formatOnce = async (
  place: Place,
  jarDir: string,
  controllerPort: number,
  port: number,
): Promise<boolean> => {
  if (await pathExists(join(place.dataDir, 'meta.properties'))) return false;
  if ((await pathExists(place.dataDir)) && !(await isEmpty(place.dataDir))) {
    throw new LocalKafkaError(
      'data_damaged',
      `${place.dataDir} holds files but no meta.properties, so it is no data of Kafka's or is damaged: move that folder away to start empty.`,
    );
  }
  const unfinished = `${place.dataDir}.unfinished`;
  const propertiesPath = join(place.dir, 'format.properties');
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(propertiesPath, serverProperties({ port, controllerPort, dataDir: unfinished }));
  const tool = [
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    '--cluster-id',
    newClusterId(),
    '--config',
    propertiesPath,
  ];
  const result = await runCommand('java', [...javaArguments(place, jarDir), ...tool], FORMAT_LIMIT_MS);
  if (result.exitCode !== 0) {
    throw explainFailure(result.tail.join('\n'), { dataDir: place.dataDir, port, logPath: place.logPath, jarDir });
  }
  await rm(propertiesPath);
  await rm(place.dataDir, { recursive: true, force: true });
  await rename(unfinished, place.dataDir);
  return true;
};
