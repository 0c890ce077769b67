import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SchemaMigrations } from '@vafa/platform';

/** The repository's root folder. */
export const workspaceRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** Every schema of the house: the bus's own and one per service that has migrations. */
export const allSchemas = (): SchemaMigrations[] => {
  const services = readdirSync(`${workspaceRoot}services`)
    .filter((name) => existsSync(`${workspaceRoot}services/${name}/migrations/meta/_journal.json`))
    .sort();
  return [
    { name: 'bus', folder: pathToFileURL(`${workspaceRoot}libs/bus/migrations/`) },
    ...services.map((name) => ({ name, folder: pathToFileURL(`${workspaceRoot}services/${name}/migrations/`) })),
  ];
};
