/** What kind of refusal it is; decides the HTTP status and what a consumer does with the event (design, section 7). */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'rejected'
  | 'rate_limited'
  | 'unavailable';

/** One thing wrong with one field; `path` is a JSON pointer into the input. */
export interface FieldProblem {
  path: string;
  message: string;
}

export interface ErrorDetails {
  problems?: FieldProblem[];
  retryAfterSeconds?: number;
  [key: string]: unknown;
}

/**
 * A refusal. `code` is stable (`<service>.<what_happened>`), `message` and `details` are safe for the caller,
 * `cause` is only for the log.
 */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: ErrorDetails;

  constructor(kind: ErrorKind, code: string, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.kind = kind;
    this.code = code;
    this.details = details;
  }
}

/** Kinds that no retry will mend: an event refused with one of these is parked at once. */
const FINAL: ReadonlySet<ErrorKind> = new Set([
  'invalid',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'rejected',
]);

/** Is this a refusal that retrying the same input won't mend? */
export const isFinal = (error: unknown): error is AppError => error instanceof AppError && FINAL.has(error.kind);

/** Text of anything thrown, for logs. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
