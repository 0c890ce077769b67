import { AppError, type FieldProblem } from '@vafa/kernel';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** More than this tells nobody more. */
const MAX_PROBLEMS = 100;

interface Found {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

/** Names what is allowed, and which field it is that is missing or too much. */
const problemsOf = ({ keyword, instancePath, message, params }: Found): FieldProblem[] => {
  const { additionalProperties, requiredProperties, allowedValues } = params as Record<string, unknown>;
  const each = (names: unknown, text: string): FieldProblem[] =>
    (names as string[]).map((name) => ({ path: `${instancePath}/${name}`, message: text }));
  if (keyword === 'additionalProperties') return each(additionalProperties, 'is not a known field');
  if (keyword === 'required') return each(requiredProperties, 'is missing');
  if (keyword === 'enum' && Array.isArray(allowedValues))
    return [
      {
        path: instancePath,
        message: `must be one of: ${allowedValues.length > 20 ? 'a known code' : allowedValues.join(', ')}`,
      },
    ];
  return [{ path: instancePath, message }];
};

/** The branches of a choice often say the same of one field. */
const deduplicated = (problems: readonly FieldProblem[]): FieldProblem[] => {
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const key = `${path} ${message}`;
    return seen.has(key) ? false : seen.add(key);
  });
};

/**
 * For bodies that people write by hand: all that is wrong with them is told at once, each with its field, not only the
 * first. Other parts of the request are checked as everywhere.
 */
export const tellAllProblems = ({ schema }: { schema: TSchema }) => {
  const validator = Compile(schema);
  return (value: unknown) => {
    if (validator.Check(value)) return { value };
    const problems = deduplicated((validator.Errors(value) as Found[]).flatMap(problemsOf)).slice(0, MAX_PROBLEMS);
    return {
      error: new AppError('invalid', 'ledger.invalid_programme', 'the programme is not as it should be', { problems }),
    };
  };
};
