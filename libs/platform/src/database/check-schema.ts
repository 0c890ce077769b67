import type { Queryable } from '@vafa/bus';
import { readJournal, type SchemaMigrations } from './journal.ts';

/** The database is of another release than this process. Somebody has to migrate it, or to start the right release. */
export class SchemaMismatchError extends Error {}

/** No such schema or table, or no right to look at it: no release that tells its services how far it is ever migrated here. */
const NEVER_TOLD = new Set(['3F000', '42501', '42P01']);

/** When the newest migration that was applied was written, in milliseconds since 1970; undefined where that is not told. */
const readApplied = async (sql: Queryable, name: string): Promise<number | undefined> => {
  try {
    const [row] = await sql<{ newest: number | null }[]>`
      select max(created_at) as newest from ${sql('migrations')}.${sql(name)}`;
    return row?.newest ?? undefined;
  } catch (error) {
    if (NEVER_TOLD.has((error as { code?: string }).code ?? '')) return undefined;
    throw error;
  }
};

/**
 * Refuses a schema that is not as this release knows it. With an older one some statements would fail, which looks like an
 * outage; with a newer one what newer processes rely on would be left out, in silence.
 * @throws SchemaMismatchError that says what to do
 */
export const checkSchema = async (sql: Queryable, schema: SchemaMigrations): Promise<void> => {
  const entries = await readJournal(schema);
  const newest = entries.at(-1);
  const applied = await readApplied(sql, schema.name);
  if (!newest || applied === newest.when) return;
  if (applied !== undefined && applied > newest.when)
    throw new SchemaMismatchError(
      `a newer release has migrated the database: this one knows the schema ${schema.name} up to ${newest.tag}. Start the newer ` +
        'release, or restore a backup from before it',
    );
  const at = entries.find(({ when }) => when === applied);
  throw new SchemaMismatchError(
    `the database is not migrated to this release: the schema ${schema.name} ${at ? `is at ${at.tag}` : 'is of an unknown state'}, ` +
      `${newest.tag} is needed. Run \`main.ts migrate\` when the processes of the last release have ended; \`npm start\` does it itself`,
  );
};
