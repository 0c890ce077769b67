import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@vafa/kernel';
import { askServer } from './ask-server.ts';
import { readPassword } from './data-folder.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import type { Place } from './place.ts';
import { findServer, isServerOf } from './postmaster-file.ts';

interface Adopted {
  pid: number;
  port: number;
  exited: Promise<void>;
}

const POLL_MS = 50;
const WATCH_MS = 250;
const ANSWER_LIMIT_MS = 60_000;

/** Resolves when a process that is no child of ours has gone; doesn't keep this process alive. */
const gone = async (pid: number, dataDir: string): Promise<void> => {
  while (await isServerOf(pid, dataDir)) await sleep(WATCH_MS, undefined, { ref: false });
};

/**
 * Takes over the live server of a data folder: it outlived its starter, or another process uses it too. One that is
 * still starting or stopping is waited for.
 * @returns undefined when there is none
 * @throws LocalPostgresError password_lost, start_timeout when it runs but doesn't answer
 */
export const adopt = async (place: Place): Promise<Adopted | undefined> => {
  const deadline = Date.now() + ANSWER_LIMIT_MS;
  let problem: unknown = 'no answer';
  for (;;) {
    const server = await findServer(place.dataDir);
    if (!server) return undefined;
    if (server.status === 'ready') {
      try {
        await askServer(place, server.port, await readPassword(place));
        return { pid: server.pid, port: server.port, exited: gone(server.pid, place.dataDir) };
      } catch (error) {
        if (error instanceof LocalPostgresError) throw error;
        problem = error;
      }
    }
    if (Date.now() >= deadline) {
      throw new LocalPostgresError(
        'start_timeout',
        `The PostgreSQL of ${place.dataDir} runs (process ${server.pid}, ${server.status}) but doesn't answer (${messageOf(problem)}): end it with "kill ${server.pid}" and start again.`,
        problem,
      );
    }
    await sleep(POLL_MS);
  }
};
