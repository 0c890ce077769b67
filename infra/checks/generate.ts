/**
 * Writes what follows from the code: `generate` (event schemas, AsyncAPI, the README's table of settings), `generate schemas`
 * (the first two alone) and `generate migrations SERVICE --name WHAT_IT_DOES [--custom]`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { schemaPlace } from './schema-place.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string' }, custom: { type: 'boolean', default: false } },
});

const migrations = (service: string): number => {
  const { schema, out } = schemaPlace(service);
  if (!existsSync(`${root}${schema}`) || !values.name) {
    console.error('usage: npm run generate -- migrations SERVICE --name what_it_does [--custom]');
    return 2;
  }
  const args = ['generate', '--dialect=postgresql', `--schema=./${schema}`, `--out=./${out}`, `--name=${values.name}`];
  const all = values.custom ? [...args, '--custom'] : args;
  return spawnSync('drizzle-kit', all, { cwd: root, stdio: 'inherit' }).status ?? 1;
};

/** Imported late: migrations can be written while a service does not load. */
const schemas = async (): Promise<number> => {
  const { breakingSchemas, schemaFiles, writeFiles } = await import('./schema-files.ts');
  const breaking = breakingSchemas();
  for (const line of breaking) console.error(line);
  if (breaking.length > 0) return 1;
  writeFiles(schemaFiles());
  return 0;
};

const readme = async (): Promise<number> => {
  const [{ readmeWithSettings }, { writeFiles }] = await Promise.all([
    import('./settings-table.ts'),
    import('./schema-files.ts'),
  ]);
  writeFiles(new Map([['README.md', readmeWithSettings()]]));
  return 0;
};

const run = async (): Promise<number> => {
  if (positionals[0] === 'migrations') return migrations(positionals[1] ?? '');
  const status = await schemas();
  return status !== 0 || positionals[0] === 'schemas' ? status : readme();
};
process.exit(await run());
