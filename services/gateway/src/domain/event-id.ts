import type { FieldProblem } from '@vafa/kernel';

const FORM = /^[^\s\p{Cc}\p{Cs}](?:[^\p{Cc}\p{Cs}]{0,126}[^\s\p{Cc}\p{Cs}])?$/u;

/** What is wrong with an event id that a caller gave; nothing when none was given. */
export const eventIdProblems = (given: unknown): FieldProblem[] =>
  given === undefined || (typeof given === 'string' && FORM.test(given))
    ? []
    : [
        {
          path: '/eventId',
          message: 'must be 1 to 128 characters, none of them a control or half character, without blanks at the ends',
        },
      ];
