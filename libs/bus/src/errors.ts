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

/** 08 connection · 40 serialization, deadlock · 53 resources · 55P03 lock timeout · 57 shutdown, timeout · 58 I/O · 25006 read-only */
const INFRASTRUCTURE = /^(08...|40...|53...|55P03|57...|58...|25006|XX...)$/;
/** 22 data · 23 integrity: the row itself is what Postgres refuses. */
const POISON = /^(22...|23...)$/;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Is it the database, the network or the bus that failed, rather than this event? */
export const isInfrastructure = (error: unknown): boolean =>
  !(error instanceof AppError) && (CONNECTION_CODES.has(codeOf(error)) || INFRASTRUCTURE.test(codeOf(error)));

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
  if (POISON.test(code)) return { code: `database.${code}`, message: 'the database refuses the data of this event' };
  return {
    code: 'internal',
    message: `${error instanceof Error ? error.name : 'error'}: handling failed, see the log`,
  };
};
