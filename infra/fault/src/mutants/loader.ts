/**
 * Plants mutants in a process: `node --import loader.ts` with VAFA_MUTANTS naming them, with commas. Production code knows nothing of
 * them.
 * @throws Error when a piece of source to replace is not found, so that no mutant ever becomes a run without a bug
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { findMutant } from './mutants.ts';
import { filesOf, plantAll } from './plant.ts';

const root = new URL('../../../../', import.meta.url);
const mutants = (process.env.VAFA_MUTANTS ?? '').split(',').map(findMutant);
const files = new Map(mutants.flatMap(filesOf).map((file) => [new URL(file, root).href, file]));
for (const [url, file] of files) plantAll(mutants, file, readFileSync(new URL(url), 'utf8'));

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const file = files.get(url);
    if (file === undefined) return loaded;
    return { ...loaded, source: plantAll(mutants, file, Buffer.from(loaded.source as Uint8Array).toString('utf8')) };
  },
});
