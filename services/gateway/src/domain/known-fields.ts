import type { FieldProblem } from '@vafa/kernel';

/** A misspelt optional field would be lost in silence, so the door refuses what it does not know. */
export const unknownFieldProblems = (
  input: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  path = '',
  alsoAllowed: readonly string[] = [],
): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  for (const name of Object.keys(input)) {
    if (known.has(name)) continue;
    problems.push({
      path: `${path}/${name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`,
      message: `is not known; allowed: ${[...known, ...alsoAllowed].join(', ')}`,
    });
  }
  return problems;
};

/** What may stand beside the fields of everything handed in; read before these are looked at. */
const OF_EVERYTHING = ['occurredAt', 'eventId'];

/** The same of what is handed in itself. */
export const unknownProblems = (input: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): FieldProblem[] =>
  unknownFieldProblems(input, known, '', OF_EVERYTHING);
