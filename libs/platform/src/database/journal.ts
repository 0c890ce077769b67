import { readFile } from 'node:fs/promises';

export interface SchemaMigrations {
  /** The schema's and the role's name, e.g. `ledger`. */
  name: string;
  folder: URL;
}

interface Migration {
  idx: number;
  /** When it was written, in milliseconds since 1970. */
  when: number;
  tag: string;
}

/** The migrations of a schema, the oldest first. */
export const readJournal = async ({ folder }: SchemaMigrations): Promise<Migration[]> =>
  (JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8')) as { entries: Migration[] }).entries;

/** @throws Error when a migration is older than the one before it: the migrator would skip it in silence */
export const checkJournal = async (schema: SchemaMigrations): Promise<void> => {
  const entries = await readJournal(schema);
  entries.forEach((entry, i) => {
    const before = entries[i - 1];
    if (entry.idx !== i || (before && before.when >= entry.when))
      throw new Error(
        `migrations of ${schema.name} are out of order at ${entry.tag}: it would be skipped; generate it again`,
      );
  });
};
