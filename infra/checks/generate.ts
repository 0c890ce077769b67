/**
 * Writes what follows from the code: `generate` (schemas, AsyncAPI, table of settings) and
 * `generate migrations SERVICE --name WHAT_IT_DOES [--custom]`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const root = new URL('../../', import.meta.url).pathname;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string' }, custom: { type: 'boolean', default: false } },
});

/** Where the tables of a schema are declared and their migrations kept. */
export const schemaPlaces = (name: string): { schema: string; out: string } => {
  if (name === 'bus') return { schema: './libs/bus/src/pg-log/schema.ts', out: './libs/bus/migrations' };
  if (name === 'auth') return { schema: './libs/platform/src/auth/schema.ts', out: './libs/platform/migrations' };
  return { schema: `./services/${name}/src/store/schema.ts`, out: `./services/${name}/migrations` };
};

if (positionals[0] === 'migrations') {
  const service = positionals[1] ?? '';
  const { schema, out } = schemaPlaces(service);
  if (!existsSync(`${root}${schema}`) || !values.name) {
    console.error('usage: npm run generate -- migrations SERVICE --name what_it_does [--custom]');
    process.exit(2);
  }
  const args = ['generate', '--dialect=postgresql', `--schema=${schema}`, `--out=${out}`, `--name=${values.name}`];
  const { status } = spawnSync('drizzle-kit', values.custom ? [...args, '--custom'] : args, {
    cwd: root,
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}
