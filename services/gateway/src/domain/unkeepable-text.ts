import type { FieldProblem } from '@vafa/kernel';

/** No field of anything handed in lies deeper (`/lines/0/labels/0`); what does is refused as a field that there is not. */
const DEEPEST = 4;
const MESSAGE = 'must not have NUL or half characters';

const isKeepable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');

const look = (value: unknown, path: string, depth: number, problems: FieldProblem[]): void => {
  if (typeof value === 'string') {
    if (!isKeepable(value)) problems.push({ path, message: MESSAGE });
    return;
  }
  if (typeof value !== 'object' || value === null || depth === DEEPEST) return;
  const isList = Array.isArray(value);
  for (const [name, each] of Object.entries(value)) {
    const named = isList || isKeepable(name);
    // The name itself can't be told: the field that has it is.
    if (!named) problems.push({ path, message: `${MESSAGE} in a name` });
    look(each, named ? `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : path, depth + 1, problems);
  }
};

/**
 * Texts, and names of the shop's own fields, with halves of characters (lone surrogates) or NUL. The published schemas let them
 * through and can't be narrowed any more, but PostgreSQL keeps neither: what has them would be accepted here and set aside later,
 * and of ids every half would become the same sign, so that two orders would be one.
 */
export const unkeepableProblems = (input: Readonly<Record<string, unknown>>): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  look(input, '', 0, problems);
  return problems;
};
