import { isInteractionType } from '@vafa/contracts';
import type { FieldProblem } from '@vafa/kernel';

/** What is wrong with the name of a type: no interaction that is told could be of it, and what asks for it would wait in vain. */
export const interactionTypeProblems = (type: unknown, path: string): FieldProblem[] =>
  typeof type === 'string' && isInteractionType(type)
    ? []
    : [
        {
          path,
          message:
            'must be a type that interactions may have, such as survey.answered: a-z, 0-9, _ and dots, 64 at most',
        },
      ];
