import type { FieldProblem } from '@vafa/kernel';

const FORM = /^[^\s\p{Cc}](?:[^\p{Cc}]{0,126}[^\s\p{Cc}])?$/u;

/** What is wrong with an event id that a caller gave; nothing when none was given. */
export const eventIdProblems = (given: unknown): FieldProblem[] =>
  given === undefined || (typeof given === 'string' && FORM.test(given))
    ? []
    : [{ path: '/eventId', message: 'must be 1 to 128 characters without blanks at the ends or control characters' }];
