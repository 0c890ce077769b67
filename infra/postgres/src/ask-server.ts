import { realpath } from 'node:fs/promises';
import postgres from 'postgres';
import { explainFailure } from './explain-failure.ts';
import { LocalPostgresError } from './local-postgres-error.ts';
import type { Place } from './place.ts';

const CONNECT_LIMIT_SECONDS = 5;

/** Starting or stopping (57P0x), or no connection left just now (53300): asking again will do. */
const PASSING = /^57P|^53300$/;

export const superuserUrl = (port: number, password: string): string =>
  `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;

/**
 * Connects and makes sure that it is the server of this folder that answers.
 * @throws LocalPostgresError password_lost, data_damaged, start_failed (another server answers)
 * @throws Error of the driver when there is no answer
 */
export const askServer = async (place: Place, port: number, password: string): Promise<void> => {
  const sql = postgres(superuserUrl(port, password), {
    max: 1,
    connect_timeout: CONNECT_LIMIT_SECONDS,
    onnotice: () => undefined,
  });
  try {
    const [row] = await sql<{ data_directory: string }[]>`show data_directory`;
    const answered = row && (await realpath(row.data_directory));
    if (answered === (await realpath(place.dataDir))) return;
    throw new LocalPostgresError(
      'start_failed',
      `On port ${port} the PostgreSQL of another folder answers (${answered ?? 'unknown'}): stop it and start again.`,
    );
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code.startsWith('28')) {
      throw new LocalPostgresError(
        'password_lost',
        `The password in ${place.passwordPath} is not the one of the database in ${place.dataDir}: put the right file back, or move the data folder away to start empty.`,
        error,
      );
    }
    // A server that is up and refuses even this has damaged catalogues, a full disk …
    if (error instanceof postgres.PostgresError && !PASSING.test(error.code)) {
      throw explainFailure(`FATAL: ${error.message}`, { dataDir: place.dataDir, port, logPath: place.logPath });
    }
    throw error;
  } finally {
    await sql.end({ timeout: 1 });
  }
};
