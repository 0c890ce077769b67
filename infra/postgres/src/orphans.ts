import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SERVER_ENV } from './binaries.ts';
import type { Place } from './place.ts';
import { findServer } from './postmaster-file.ts';

const LIMIT_MS = 10_000;

/** Processes named postgres that work inside the folder: all of a server's do. */
const SCRIPT = `
for process in /proc/[0-9]*; do
  [ "$process/cwd" -ef "$1" ] && read -r name < "$process/comm" && [ "$name" = postgres ] && kill -QUIT "\${process#/proc/}"
done
true`;

/**
 * Ends the processes of a server whose postmaster was killed. One that is busy with a query notices its death only
 * when it is done, maybe in an hour, and until then its hold on the shared memory forbids a new start. Nobody can
 * reach it any more. Only Linux shows where a process works; elsewhere it must be waited for.
 */
export const endOrphans = async (place: Place): Promise<void> => {
  if (process.platform !== 'linux' || (await findServer(place.dataDir))) return;
  // As the server's own user: in a container even root may not look at the processes of others.
  const options = { ...place.account, env: SERVER_ENV, cwd: '/', timeout: LIMIT_MS };
  await promisify(execFile)('/bin/sh', ['-c', SCRIPT, 'sh', place.dataDir], options);
};
