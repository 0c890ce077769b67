import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LocalPostgresError } from './local-postgres-error.ts';

/** Whom the server runs as; undefined elsewhere means: as the user of this process. */
export interface ServerAccount {
  uid: number;
  gid: number;
}

export const runsAsRoot = (): boolean => process.getuid?.() === 0;

/**
 * An unprivileged account that exists already, since PostgreSQL refuses to run as root. It must stand in
 * /etc/passwd: initdb looks its own user up and gives up when there is none.
 */
export const parseAccount = (passwd: string): ServerAccount | undefined => {
  const accounts = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4 && Number(fields[2]) > 0 && Number(fields[3]) > 0)
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const named = (wanted: string) => accounts.find(({ name }) => name === wanted);
  const chosen = named('postgres') ?? named('nobody') ?? accounts[0];
  return chosen && { uid: chosen.uid, gid: chosen.gid };
};

/** @throws LocalPostgresError no_account when the machine knows no user but root */
export const unprivilegedAccount = async (): Promise<ServerAccount> => {
  const account = parseAccount(await readFile('/etc/passwd', 'utf8'));
  if (account) return account;
  throw new LocalPostgresError(
    'no_account',
    'PostgreSQL refuses to run as root and this machine has no other user: start Vafa as a normal user, or give it a database of your own with DATABASE_URL.',
  );
};

/** The owner of a folder, if it is there and belongs to somebody other than root. */
export const ownerOf = async (path: string): Promise<ServerAccount | undefined> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined;
};

/** May the account walk into the folder? Judged by the mode bits of it and of all above it. */
export const canEnter = async (account: ServerAccount, dir: string): Promise<boolean> => {
  const { mode, uid, gid } = await stat(dir);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if ((mode & bit) === 0) return false;
  const parent = dirname(dir);
  return parent === dir ? true : canEnter(account, parent);
};
