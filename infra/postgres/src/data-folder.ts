import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Binaries, SERVER_ENV } from './binaries.ts';
import { explainFailure } from './explain-failure.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import type { Place } from './place.ts';

const run = promisify(execFile);
const INITDB_LIMIT_MS = 180_000;

/** Sorts by code point, so that an index never depends on the machine's locale, and knows upper case in every script. */
const LOCALE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

const writeSecret = async (path: string, text: string): Promise<void> => {
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
};

const PART = 'data.part-';

const removeParts = async (place: Place): Promise<void> => {
  for (const name of await readdir(place.area)) {
    if (name.startsWith(PART)) await rm(join(place.area, name), { recursive: true, force: true, maxRetries: 5 });
  }
};

const initialise = async (place: Place, binaries: Binaries): Promise<void> => {
  await removeParts(place);
  // Made under another name and renamed when whole, so that a start that is cut off leaves no half a data folder. A new
  // name each time, for the initdb of a starter that was killed may still be at work.
  const part = join(place.area, `${PART}${randomBytes(4).toString('hex')}`);
  const handover = `${part}.password`;
  const password = randomBytes(24).toString('hex');
  await mkdir(part, { mode: 0o700 });
  await writeSecret(handover, password);
  if (place.account) {
    await chown(part, place.account.uid, place.account.gid);
    await chown(handover, place.account.uid, place.account.gid);
  }
  try {
    const args = [
      '-D',
      part,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${handover}`,
      '--no-instructions',
    ];
    await run(binaries.initdb, [...args, ...LOCALE], {
      ...place.account,
      env: SERVER_ENV,
      cwd: place.area,
      timeout: INITDB_LIMIT_MS,
    });
    await writeSecret(place.passwordPath, password); // before the rename: data without its password is of no use
    await rename(part, place.dataDir);
  } catch (error) {
    await removeParts(place);
    if (!(error instanceof Error && 'stderr' in error)) throw error;
    throw explainFailure(String(error.stderr) || error.message, {
      dataDir: place.dataDir,
      port: 0,
      logPath: place.logPath,
    });
  } finally {
    await rm(handover, { force: true });
  }
};

const filesIn = async (dir: string): Promise<string[] | undefined> =>
  readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

const checkVersion = async (place: Place, binaries: Binaries): Promise<void> => {
  const version = (await readFile(join(place.dataDir, 'PG_VERSION'), 'utf8')).trim();
  if (Number(version) === binaries.majorVersion) return;
  throw new LocalPostgresError(
    'wrong_version',
    `The data in ${place.dataDir} was made by PostgreSQL ${version}, this is ${binaries.majorVersion}: move that folder away to start empty, or dump it with the version that made it.`,
  );
};

/**
 * Makes the data folder if there is none, else checks that it is one for these binaries.
 * @returns true when it was made now
 * @throws LocalPostgresError wrong_version, data_damaged, disk_full, not_writable
 */
export const prepareData = async (place: Place, binaries: Binaries): Promise<boolean> => {
  const files = await filesIn(place.dataDir);
  if (files?.includes('PG_VERSION')) {
    await checkVersion(place, binaries);
    await chmod(place.dataDir, 0o700); // the server refuses a folder that others can read, as copying may leave it
    return false;
  }
  if (files && files.length > 0) {
    throw new LocalPostgresError(
      'data_damaged',
      `${place.dataDir} holds files but no PG_VERSION, so it is not a PostgreSQL data folder or has lost parts: restore it from a backup, or move that folder away to start empty.`,
    );
  }
  if (files) await rmdir(place.dataDir);
  await initialise(place, binaries);
  return true;
};

/** @throws LocalPostgresError password_lost */
export const readPassword = async (place: Place): Promise<string> => {
  try {
    return (await readFile(place.passwordPath, 'utf8')).trim();
  } catch (error) {
    throw new LocalPostgresError(
      'password_lost',
      `The password of the database in ${place.dataDir} cannot be read from ${place.passwordPath}: put that file back, or move the data folder away to start empty.`,
      error,
    );
  }
};
