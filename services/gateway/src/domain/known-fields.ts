import type { FieldProblem } from '@vafa/kernel';

/** A misspelt optional field would be lost in silence, so the door refuses what it does not know. */
export const unknownFieldProblems = (
  input: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  path = '',
): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  for (const name of Object.keys(input)) {
    if (known.has(name)) continue;
    problems.push({
      path: `${path}/${name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`,
      message: `is not known; allowed: ${[...known].join(', ')}`,
    });
  }
  return problems;
};
