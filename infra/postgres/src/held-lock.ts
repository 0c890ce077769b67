import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalPostgresError } from './local-postgres-error.ts';

/** A lock that the operating system takes back when this process dies, however it dies. */
export interface HeldLock {
  release(): void;
}

const SQLITE_BUSY = 5;
const RETRY_MS = 20;

// A database that is garbage collected is closed, and its lock with it: they are kept here until released.
const open = new Set<DatabaseSync>();

/**
 * Node has no file locks of its own. SQLite, which is built in, takes real ones on every system; unlike a file with a
 * process id in it, they cannot go stale and have no race when two processes find a stale one.
 */
const tryLock = (path: string, statement: string): HeldLock | undefined => {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // An empty database would be written to by every "begin exclusive", which then fails on a full disk, where a
    // server must still be stopped. So it gets its one page when it is made.
    if (database.prepare('pragma user_version').get()?.user_version === 0) database.exec('pragma user_version = 1');
    database.exec(statement);
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  open.add(database);
  return {
    release() {
      if (open.delete(database)) database.close();
    },
  };
};

/** Holds the file alone: no second holder, exclusive or shared. Undefined when somebody has it. */
export const tryExclusive = (path: string): HeldLock | undefined => tryLock(path, 'begin exclusive');

/** Holds the file together with others. Undefined while somebody has it alone. */
export const tryShared = (path: string): HeldLock | undefined =>
  tryLock(path, 'begin; select count(*) from sqlite_schema');

/** Tries until the lock is had. @throws LocalPostgresError lock_timeout after `limitMs` */
export const waitForLock = async (
  path: string,
  attempt: (path: string) => HeldLock | undefined,
  limitMs: number,
): Promise<HeldLock> => {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const lock = attempt(path);
    if (lock) return lock;
    if (Date.now() >= deadline) {
      throw new LocalPostgresError(
        'lock_timeout',
        `Another process has been starting or stopping the PostgreSQL of this folder for ${limitMs / 1000} s (lock ${path}): end that process and start again.`,
      );
    }
    await sleep(RETRY_MS);
  }
};
