import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { classArchiveIsSettled, makeClassArchive } from './class-archive.ts';
import { DEFAULT_CACHE_DIR, POM_PATH } from './default-folders.ts';
import { explainFileError } from './explain-failure.ts';
import { type HeldLock, tryLock } from './held-lock.ts';
import { LocalKafkaError } from './local-kafka-error.ts';
import { pathExists } from './path-exists.ts';
import { runCommand } from './run-command.ts';

const RESOLVE_LIMIT_MS = 10 * 60_000;
const PROGRESS_EVERY_MS = 3_000;
const LONGEST_REASON_CHARS = 500;
const LOCK_RETRY_MS = 250;

/** The folder's name carries the hash of the pom: it exists only complete, and a changed pom has another one. */
const jarDirOf = async (cacheDir: string): Promise<string> => {
  const hash = createHash('sha256')
    .update(await readFile(POM_PATH))
    .digest('hex')
    .slice(0, 12);
  return join(resolve(cacheDir), `jars-${hash}`);
};

/** Are Kafka's jars there, so that Maven is not needed? */
export const jarsAreCached = async (cacheDir: string = DEFAULT_CACHE_DIR): Promise<boolean> =>
  pathExists(await jarDirOf(cacheDir));

/** Maven writes to one repository of the user, which is not made for two writers at once: others wait. */
const waitForLock = async (path: string, log: (line: string) => void): Promise<HeldLock> => {
  const deadline = performance.now() + RESOLVE_LIMIT_MS;
  for (let tries = 0; performance.now() < deadline; tries += 1) {
    const lock = await tryLock(path);
    if (lock) return lock;
    if (tries === 0) log('waiting for another process that fetches the jars of Kafka');
    await sleep(LOCK_RETRY_MS);
  }
  throw new LocalKafkaError(
    'lock_timeout',
    `Another process has held ${path} for ${RESOLVE_LIMIT_MS / 60_000} minutes: end it and start again.`,
  );
};

/** One line every few seconds instead of one for each of some hundred files. */
const countDownloads = (log: (line: string) => void): ((line: string) => void) => {
  let files = 0;
  let saidAt = performance.now();
  return (line) => {
    if (!line.includes('Downloaded from')) return;
    files += 1;
    if (performance.now() - saidAt < PROGRESS_EVERY_MS) return;
    saidAt = performance.now();
    log(`fetching the jars of Kafka: ${files} files so far`);
  };
};

const runMaven = async (outputDir: string, log: (line: string) => void): Promise<void> => {
  const args = [
    '-B',
    '-Dstyle.color=never',
    '-f',
    POM_PATH,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${outputDir}`,
  ];
  const result = await runCommand('mvn', args, RESOLVE_LIMIT_MS, countDownloads(log));
  if (result.missing) {
    throw new LocalKafkaError(
      'maven_missing',
      'The jars of a local Kafka are fetched by mvn, which is not on the PATH: install Maven (Debian, Ubuntu: maven).',
    );
  }
  if (result.timedOut) {
    throw new LocalKafkaError(
      'maven_failed',
      `mvn did not finish within ${RESOLVE_LIMIT_MS / 60_000} minutes: look at the network and start again.`,
    );
  }
  if (result.exitCode !== 0) {
    const said = result.tail.find((line) => line.startsWith('[ERROR]')) ?? result.tail.at(-1) ?? 'no output';
    if (/No space left on device|Disk quota exceeded/.test(said)) {
      throw new LocalKafkaError(
        'disk_full',
        `The disk is full, the jars of Kafka (about 100 MB) do not fit into ${outputDir}: free some space and start again.`,
      );
    }
    const reason = said.replace('[ERROR]', '').replace('-> [Help 1]', '').trim().slice(0, LONGEST_REASON_CHARS);
    throw new LocalKafkaError(
      'maven_failed',
      `mvn could not fetch the jars of Kafka, is the network there? (${reason})`,
    );
  }
};

const removeOlder = async (cacheDir: string, keep: string): Promise<void> => {
  const names = await readdir(cacheDir);
  const older = names.filter((name) => name.startsWith('jars-') && join(cacheDir, name) !== keep);
  await Promise.all(older.map((name) => rm(join(cacheDir, name), { recursive: true, force: true })));
};

const fetchJars = async (cacheDir: string, jarDir: string, log: (line: string) => void): Promise<void> => {
  log('fetching the jars of Kafka with mvn; this happens once and takes up to a minute');
  const unfinished = `${jarDir}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await runMaven(unfinished, log);
  await rename(unfinished, jarDir);
  await removeOlder(cacheDir, jarDir);
  log(`the jars of Kafka are in ${jarDir}`);
};

/**
 * The folder with Kafka's jars, fetched when the pom has changed since or was never resolved (about 45 MB, up to a minute).
 * Needs java on the PATH, see `requireJava`.
 * @throws LocalKafkaError maven_missing, maven_failed, lock_timeout, disk_full, start_failed
 */
export const resolveJars = async (
  options: { cacheDir?: string; log?: (line: string) => void } = {},
): Promise<string> => {
  const cacheDir = resolve(options.cacheDir ?? DEFAULT_CACHE_DIR);
  const log = options.log ?? (() => undefined);
  const jarDir = await jarDirOf(cacheDir);
  const isReady = async (): Promise<boolean> => (await pathExists(jarDir)) && (await classArchiveIsSettled(jarDir));
  if (await isReady()) return jarDir;
  let lock: HeldLock | undefined;
  try {
    await mkdir(cacheDir, { recursive: true });
    lock = await waitForLock(join(cacheDir, 'jars.lock'), log);
    if (!(await pathExists(jarDir))) await fetchJars(cacheDir, jarDir, log);
    // only where it stays: the archive names the folder of its jars
    if (!(await isReady())) await makeClassArchive(jarDir, log);
    return jarDir;
  } catch (error) {
    throw explainFileError(error, cacheDir);
  } finally {
    lock?.release();
  }
};
