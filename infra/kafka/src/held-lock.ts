import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A lock that the operating system takes back when this process dies, however it dies. */
export interface HeldLock {
  release(): void;
}

const SQLITE_BUSY = 5;

// A database that is garbage collected is closed, and its lock with it: they are kept here until released.
const open = new Set<DatabaseSync>();

/**
 * Holds the file alone; undefined while another holder lives. Node has no file locks of its own: SQLite, which is
 * built in, takes real ones, which cannot go stale as a file with a process id in it can.
 */
export const tryLock = async (path: string): Promise<HeldLock | undefined> => {
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('begin exclusive');
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
