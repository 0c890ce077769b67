import { AppError } from '@vafa/kernel';
import { findProblems } from '@vafa/platform';
import type { TSchema } from 'typebox';

/** For bodies with a programme: what is wrong with them is refused as what is wrong with its sense, see `checkProgramme`. */
export const tellProblems =
  ({ schema }: { schema: TSchema }) =>
  (value: unknown) => {
    const problems = findProblems(schema, value);
    if (problems.length === 0) return { value };
    return {
      error: new AppError('invalid', 'ledger.invalid_programme', 'the programme is not as it should be', { problems }),
    };
  };
