/**
 * Plants a mutant in a process: `node --import loader.ts` with VAFA_MUTANT naming it. Production code knows nothing of it.
 * @throws Error when a piece of source to replace is not found, so that no mutant ever becomes a run without a bug
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { findMutant } from './mutants.ts';
import { filesOf, plant } from './plant.ts';

const root = new URL('../../../../', import.meta.url);
const mutant = findMutant(process.env.VAFA_MUTANT ?? '');
const files = new Map(filesOf(mutant).map((file) => [new URL(file, root).href, file]));
for (const [url, file] of files) plant(mutant, file, readFileSync(new URL(url), 'utf8'));

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const file = files.get(url);
    if (file === undefined) return loaded;
    return { ...loaded, source: plant(mutant, file, Buffer.from(loaded.source as Uint8Array).toString('utf8')) };
  },
});
