import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { explainFileError } from './explain-failure.ts';

/** Where the files of one broker are. */
export interface Place {
  dir: string;
  /** Kafka's own folder; made by the format, complete or not at all. */
  dataDir: string;
  propertiesPath: string;
  logPath: string;
  /** Written by Java when it crashes. */
  crashPath: string;
  pidPath: string;
  lockPath: string;
}

/** @throws LocalKafkaError disk_full, start_failed when the folder cannot be made */
export const openPlace = async (wishedDir: string): Promise<Place> => {
  const wished = resolve(wishedDir);
  try {
    await mkdir(wished, { recursive: true });
    // one name for one folder: the leftover of an earlier start is known by it
    const dir = await realpath(wished);
    return {
      dir,
      dataDir: join(dir, 'data'),
      propertiesPath: join(dir, 'server.properties'),
      logPath: join(dir, 'broker.log'),
      crashPath: join(dir, 'java-crash.log'),
      pidPath: join(dir, 'broker.pid'),
      lockPath: join(dir, 'owner.lock'),
    };
  } catch (error) {
    throw explainFileError(error, wished);
  }
};
