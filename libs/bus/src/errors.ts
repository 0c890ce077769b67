import { AppError, isFinal } from '@vafa/kernel';

/**
 * What to do with a batch whose handling threw; decided here, never by the Kafka client.
 * infrastructure: the same batch again until it works, nothing is skipped · poison: retrying won't mend it, so the event
 * is found by halving and parked · unsure: a few more tries, then as poison.
 */
export type FailureClass = 'infrastructure' | 'poison' | 'unsure';

const CONNECTION_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

/**
 * 08 connection · 25006 read-only · 40 serialization, deadlock · 53 resources · 55P03 lock timeout · 57 shutdown,
 * timeout · 58 I/O · XX001, XX002 damaged data or index.
 */
const INFRASTRUCTURE = /^(08...|25006|40...|53...|55P03|57...|58...|XX001|XX002)$/;
/**
 * 28 login · 3D000 no such database · 3F000 no such schema · 42 no such table, column, function or right: the deployment
 * is wrong (a migration is missing), and no event should be parked for that.
 */
const DEPLOYMENT = /^(28...|3D000|3F000|42501|42703|42704|42883|42P01)$/;
/** 22 data · 23502, 23514 a value that is missing or out of its limits: the row itself is what Postgres refuses. */
const POISON = /^(22...|23502|23514)$/;
/** 23 integrity otherwise: a race with another transaction may have caused it, another try tells. */
const REFUSED_DATA = /^(22...|23...)$/;
const CLASH = new Set(['40001', '40P01']);
const STATEMENT_TIMEOUT = '57014';
/** drizzle wraps what the driver throws, and a service may wrap that once more. */
const MAX_WRAPPING = 4;

/** The code of an error or of what it wraps. */
const codeOf = (error: unknown, depth = 0): string => {
  if (typeof error !== 'object' || error === null || depth > MAX_WRAPPING) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause, depth + 1) : '';
};

const isOurRefusal = (error: unknown): boolean => error instanceof AppError && error.kind !== 'unavailable';
const databaseCode = (error: unknown): string => codeOf(error instanceof AppError ? error.cause : error);

/** Is it the database, the network, the bus or the deployment that failed, rather than this event? */
export const isInfrastructure = (error: unknown): boolean => {
  if (isOurRefusal(error)) return false;
  const code = databaseCode(error);
  return CONNECTION_CODES.has(code) || INFRASTRUCTURE.test(code) || DEPLOYMENT.test(code);
};

/** Did the database give a transaction up for the sake of another (serialization, deadlock)? The same again may pass at once. */
export const isClash = (error: unknown): boolean => !isOurRefusal(error) && CLASH.has(databaseCode(error));

/** Did the database give up because the batch took too long? A smaller one may pass. */
export const isTooSlow = (error: unknown): boolean => !isOurRefusal(error) && databaseCode(error) === STATEMENT_TIMEOUT;

/** Code of the error by which a statement says that it can't be done now: its text is our code, its detail the message. */
const REFUSED_NOW = 'VL001';
const ABORTED = '25P02';

/** What the database refused for now as an error of ours, unavailable; any other error as it is. */
export const refusalOf = (error: unknown): unknown => {
  if (!(error instanceof Error) || codeOf(error) !== REFUSED_NOW) return error;
  const message = 'detail' in error ? String(error.detail) : '';
  return new AppError('unavailable', error.message, message, { retryAfterSeconds: 1 });
};

/** Does it only say that something failed before in the same transaction? */
export const isAftermath = (error: unknown): boolean => codeOf(error) === ABORTED;

export const classify = (error: unknown): FailureClass => {
  if (isInfrastructure(error)) return 'infrastructure';
  if (isFinal(error) || (!(error instanceof AppError) && POISON.test(codeOf(error)))) return 'poison';
  return 'unsure';
};

/** The reason that is kept with a parked event: a stable code and a text without the data. */
export const reasonOf = (error: unknown): { code: string; message: string } => {
  if (error instanceof AppError) {
    const problems = (error.details.problems ?? []).map(({ path, message }) => `${path || '/'} ${message}`);
    return { code: error.code, message: [error.message, ...problems].join('; ').slice(0, 2000) };
  }
  const code = codeOf(error);
  if (REFUSED_DATA.test(code))
    return { code: `database.${code}`, message: 'the database refuses the data of this event' };
  return {
    code: 'internal',
    message: `${error instanceof Error ? error.name : 'error'}: handling failed, see the log`,
  };
};
