import pino, { type Logger } from 'pino';

const CENSORED = '[redacted]';
/** Fields that hold what must not be logged, wherever they stand down to the third level. */
const SENSITIVE = ['phone', 'email', 'receptor', 'apikey', 'apiKey', 'password', 'secret', 'token', 'authorization'];
const PATHS = SENSITIVE.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

const E164 = /\+\d{7,15}\b/g;
const EMAIL = /[\w.+-]+@[\w-]+\.[\w.-]+/g;
const KEY = /\bvafa_[\w-]{20,}|\/v1\/[A-Za-z0-9]{16,}\//g;

/** Phones, e-mail addresses and keys within a text, made unreadable. */
export const redactText = (text: string): string =>
  text.replace(E164, CENSORED).replace(EMAIL, CENSORED).replace(KEY, CENSORED);

/** What of an error is worth a line: never the query's parameters, which hold customers' data. */
const serializeError = (error: unknown): object => {
  if (!(error instanceof Error)) return { message: redactText(String(error)) };
  const { code, detail: _detail, ...rest } = error as Error & { code?: string; detail?: string };
  return {
    type: error.name,
    code: code ?? (rest as { errno?: string }).errno,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
};

/** JSON lines to the standard error stream (standard output is for what a command is asked for). */
export const createLog = (options: { level: string; service?: string; destination?: pino.DestinationStream }): Logger =>
  pino(
    {
      level: options.level,
      base: options.service ? { service: options.service } : {},
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: PATHS, censor: CENSORED },
      serializers: { err: serializeError, error: serializeError },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
