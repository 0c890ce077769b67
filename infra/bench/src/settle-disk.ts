import { spawnSync } from 'node:child_process';
import type { Sql } from '@vafa/bus';

/**
 * Writes to the disk what was changed so far, by the database and by whoever else (a broker's log), so that it is not written
 * while something else is measured: systems keep written files in memory for half a minute.
 */
export const settleDisk = async (sql: Sql): Promise<void> => {
  await sql`checkpoint`;
  // Where there is no such program nothing is lost but quiet.
  spawnSync('sync', { stdio: 'ignore' });
};
