import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { checkJournal } from '@vafa/platform';
import { allSchemas, workspaceRoot } from '@vafa/testing';
import { schemaPlace } from './schema-place.ts';

/** Tables declared in code but not in the migrations: each is a line. Also refuses journals that are out of order. */
export const findSchemaDrift = async (): Promise<string[]> => {
  const found: string[] = [];
  const scratch = '.vafa/schema-drift';
  for (const schema of [
    { name: 'auth', folder: new URL('../../libs/platform/migrations/', import.meta.url) },
    ...allSchemas(),
  ]) {
    await checkJournal(schema).catch((error: Error) => found.push(error.message));
    const { schema: declared, out } = schemaPlace(schema.name);
    const copy = `${scratch}/${schema.name}`;
    rmSync(`${workspaceRoot}${copy}`, { recursive: true, force: true });
    mkdirSync(`${workspaceRoot}${copy}`, { recursive: true });
    if (existsSync(`${workspaceRoot}${out}`))
      cpSync(`${workspaceRoot}${out}`, `${workspaceRoot}${copy}`, { recursive: true });
    const before = readdirSync(`${workspaceRoot}${copy}`).length;
    const args = ['generate', '--dialect=postgresql', `--schema=./${declared}`, `--out=./${copy}`, '--name=drift'];
    const run = spawnSync('drizzle-kit', args, { cwd: workspaceRoot, encoding: 'utf8' });
    if (run.status !== 0) found.push(`${schema.name}: ${run.stderr || run.stdout}`);
    else if (readdirSync(`${workspaceRoot}${copy}`).length !== before)
      found.push(
        `${schema.name}: tables differ from the migrations; npm run generate -- migrations ${schema.name} --name what_it_does`,
      );
  }
  rmSync(`${workspaceRoot}${scratch}`, { recursive: true, force: true });
  return found;
};
