import type { FieldProblem } from '@vafa/kernel';

/**
 * Ids with halves of characters (lone surrogates). The published schemas let them through and can't be narrowed any more, but as UTF-8
 * every half becomes the same sign: two orders would be one, and a record's key another than its customer.
 */
export const halfProblems = (
  input: Readonly<Record<string, unknown>>,
  ids: readonly string[],
  path = '',
): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  for (const name of ids) {
    const id = input[name];
    if (typeof id === 'string' && !id.isWellFormed())
      problems.push({ path: `${path}/${name}`, message: 'must not have halves of characters' });
  }
  return problems;
};
