import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntilItAnswers } from './await-answer.ts';
import { launchBroker } from './broker-process.ts';
import { classArchiveOf } from './jvm-flags.ts';
import { pathExists } from './path-exists.ts';
import { openPlace } from './place.ts';
import { findFreePort } from './ports.ts';
import { serverProperties } from './server-properties.ts';
import { formatOnce } from './storage.ts';

const DUMP_LIMIT_MS = 60_000;

/** Stands where the archive would, when this Java could not make one: it is not tried at each start again. */
const refusalOf = (jarDir: string): string => join(jarDir, 'no-class-archive.txt');

export const classArchiveIsSettled = async (jarDir: string): Promise<boolean> =>
  (await pathExists(classArchiveOf(jarDir))) || (await pathExists(refusalOf(jarDir)));

const runOnceAndDump = async (jarDir: string, dir: string): Promise<void> => {
  const place = await openPlace(dir);
  const [port, controllerPort] = [await findFreePort(), await findFreePort()];
  await formatOnce(place, jarDir, controllerPort, port);
  await writeFile(place.propertiesPath, serverProperties({ port, controllerPort, dataDir: place.dataDir }));
  const unfinished = join(dir, 'classes.jsa');
  const broker = await launchBroker(place, jarDir, [`-XX:ArchiveClassesAtExit=${unfinished}`]);
  await waitUntilItAnswers(place, jarDir, broker, port);
  broker.signal('SIGTERM');
  const timer = setTimeout(() => broker.signal('SIGKILL'), DUMP_LIMIT_MS);
  const { signal } = await broker.ended;
  clearTimeout(timer);
  if (signal === 'SIGKILL') throw new Error(`Java did not finish within ${DUMP_LIMIT_MS / 1000} s`);
  await rename(unfinished, classArchiveOf(jarDir));
};

/**
 * Lets a throw-away broker run once, and has Java write down the classes that it loaded. Each later start maps them
 * instead of reading and checking them again, which takes half of its time and a quarter of its memory. A broker starts
 * without an archive too: when none can be made, that is said and remembered, and is no failure.
 */
export const makeClassArchive = async (jarDir: string, log: (line: string) => void): Promise<void> => {
  log('preparing Kafka for quicker starts; this happens once');
  const dir = join(jarDir, 'first-run');
  // what an interrupted attempt left behind
  await rm(dir, { recursive: true, force: true });
  try {
    await runOnceAndDump(jarDir, dir);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    log(`no class archive could be made, starts stay slower (${problem})`);
    await writeFile(refusalOf(jarDir), `${problem}\n`);
  }
  await rm(dir, { recursive: true, force: true });
};
