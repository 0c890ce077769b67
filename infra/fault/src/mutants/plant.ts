import type { Mutant } from './mutants.ts';

/**
 * The source of a file with the mutant's pieces in it; as it was when the mutant does not touch the file.
 * @throws Error when a piece to replace is not there exactly once: a mutant that does nothing would prove nothing
 */
export const plant = (mutant: Mutant, file: string, source: string): string => {
  let planted = source;
  for (const { file: place, find, put } of mutant.replacements) {
    if (place !== file) continue;
    const times = planted.split(find).length - 1;
    if (times !== 1)
      throw new Error(`mutant ${mutant.name}: "${find.split('\n')[0]}" stands ${times} times in ${file}, not once`);
    // A function, so that dollar signs in the source mean nothing.
    planted = planted.replace(find, () => put);
  }
  return planted;
};

/** The source with the pieces of several mutants in it. @throws Error as `plant` does */
export const plantAll = (mutants: readonly Mutant[], file: string, source: string): string =>
  mutants.reduce((planted, mutant) => plant(mutant, file, planted), source);

/** The files a mutant touches. */
export const filesOf = ({ replacements }: Mutant): string[] => [...new Set(replacements.map(({ file }) => file))];
