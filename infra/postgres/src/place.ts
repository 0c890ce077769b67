import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { explainFileError } from './explain-failure.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import { canEnter, ownerOf, runsAsRoot, type ServerAccount, unprivilegedAccount } from './server-account.ts';

/** Where everything of one local server is kept, and whom it runs as. */
export interface Place {
  /** The folder with the files below; the wished one, unless that is closed to the server's account. */
  area: string;
  moved: boolean;
  account: ServerAccount | undefined;
  dataDir: string;
  passwordPath: string;
  portPath: string;
  logPath: string;
}

/** Tells people who look for the data in the wished folder where it is. */
const POINTER = 'moved-to.json';

/**
 * Where the data goes when the wished folder lies under a closed home. /var/lib first: only root writes there and
 * nothing sweeps it, while some systems delete what lies in /var/tmp untouched for 30 days.
 */
const refuges = (wished: string): { parent: string; area: string }[] => {
  const name = createHash('sha256').update(wished).digest('hex').slice(0, 12);
  return [
    { parent: '/var/lib/vafa', area: `/var/lib/vafa/postgres-${name}` },
    { parent: '/var/tmp', area: `/var/tmp/vafa-postgres-${name}` },
  ];
};

/** /var/tmp is open to all: a folder that somebody else put there, or can write to, must not be trusted. */
const isOurs = async (area: string): Promise<boolean> => {
  const found = await lstat(area);
  return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
};

const openRefuge = async (wished: string, account: ServerAccount): Promise<string> => {
  const problems: string[] = [];
  for (const { parent, area } of refuges(wished)) {
    try {
      if (parent === '/var/lib/vafa') await mkdir(parent, { mode: 0o755, recursive: true });
      await mkdir(area, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      if (!(await isOurs(area))) throw new Error('belongs to another user');
      await chmod(area, 0o711);
      if (await canEnter(account, area)) return area;
      problems.push(`${area} is closed too`);
    } catch (error) {
      problems.push(`${area}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new LocalPostgresError(
    'not_writable',
    `PostgreSQL may not run as root and its user cannot reach ${wished}; no other place was found either (${problems.join('; ')}): start Vafa as a normal user, or from a folder that others can enter.`,
  );
};

const isThere = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

/** Data that went to a refuge once stays there, also when the home is opened later. */
const usedRefuge = async (wished: string): Promise<string | undefined> => {
  for (const { area } of refuges(wished)) {
    if ((await isThere(join(area, 'data'))) && (await isOurs(area))) return area;
  }
  return undefined;
};

const areaForRoot = async (wished: string): Promise<string> => {
  if (!(await isThere(join(wished, 'data')))) {
    const used = await usedRefuge(wished);
    if (used !== undefined) return used;
  }
  const owner = await ownerOf(join(wished, 'data'));
  const account = owner ?? (await unprivilegedAccount());
  // The folder is ours to open; what is above it is not.
  await chmod(wished, (await stat(wished)).mode | 0o111);
  if (await canEnter(account, wished)) return wished;
  if (owner) {
    throw new LocalPostgresError(
      'not_writable',
      `The data in ${wished} belongs to user ${owner.uid}, who can no longer enter that folder: open the way to it (chmod o+x), or move its data folder away to start empty.`,
    );
  }
  const area = await openRefuge(wished, account);
  await writeFile(join(wished, POINTER), `${JSON.stringify({ area, dataDir: join(area, 'data') }, null, 2)}\n`);
  return area;
};

/**
 * Decides where the server's files are and makes the folder for them.
 * @throws LocalPostgresError not_writable, disk_full, no_account
 */
export const findPlace = async (wishedDir: string): Promise<Place> => {
  const asked = resolve(wishedDir);
  try {
    await mkdir(asked, { recursive: true });
    const wished = await realpath(asked);
    const area = runsAsRoot() ? await areaForRoot(wished) : wished;
    await access(area, constants.W_OK | constants.X_OK);
    const dataDir = join(area, 'data');
    return {
      area,
      moved: area !== wished,
      account: runsAsRoot() ? ((await ownerOf(dataDir)) ?? (await unprivilegedAccount())) : undefined,
      dataDir,
      passwordPath: join(area, 'superuser-password'),
      portPath: join(area, 'port'),
      logPath: join(area, 'server.log'),
    };
  } catch (error) {
    throw explainFileError(error, asked);
  }
};
