import { createHash } from 'node:crypto';
import { accessSync, constants, statfsSync } from 'node:fs';
import { workspaceRoot } from './workspace.ts';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';
/** Several times what a whole run takes. */
const ROOM_BYTES = 4 * 1024 ** 3;
const HASH_CHARACTERS = 12;

const isRoomy = (): boolean => {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    // There is none on this system, or none for us.
    return false;
  }
};

/**
 * Where the database server of this checkout's tests has its data: in memory, where there is room for it. On a disk with ext4 the
 * system looks at every file that was deleted in the last minutes before it makes a new one, and each test that is given a database
 * of its own makes and deletes 900: cloning took 900 ms in place of 40.
 */
export const testPostgresFolder = (): string => {
  if (!isRoomy()) return `${workspaceRoot}.vafa/test-postgres`;
  const own = createHash('sha256').update(workspaceRoot).digest('hex').slice(0, HASH_CHARACTERS);
  return `${MEMORY}/vafa-test-postgres-${process.getuid?.() ?? 0}-${own}`;
};
