import { LocalPostgresError } from './local-postgres-error.ts';

/** What the explanation may name. */
interface FailureContext {
  dataDir: string;
  port: number;
  logPath: string;
}

/** What was said last and worst; a FATAL's detail belongs to it, for it says which version made the files. */
const SEVERE = /^.*\b(?:FATAL|PANIC):\s+(.*(?:\n.*\bDETAIL:\s+.*)?)$/m;
const PROBLEM = /^.*\b(?:error|ERROR|fatal):\s+(.*)$/m;

/** A postmaster that was killed leaves children for a moment: the same start succeeds a little later. */
export const isPassing = (output: string): boolean =>
  /pre-existing shared memory block|lock file ".*" already exists/.test(output);

export const isPortTaken = (output: string): boolean =>
  /Address already in use|address already in use|Only one usage of each socket address/.test(output);

/** Did the server have to repair itself because it was not stopped properly? */
export const wasRecovered = (output: string): boolean =>
  /was not properly shut down; automatic recovery|database system was interrupted/.test(output);

const DAMAGED = new RegExp(
  [
    'checkpoint record',
    'incorrect checksum in control file',
    'control file .* (?:invalid|corrupt)',
    'invalid data in file',
    'bogus data in',
    'is not a valid data directory',
    'invalid magic number',
    'unexpected page',
    'could not (?:open|read|access) (?:file|directory) .*: (?:No such file|read 0)',
    'could not read (?:file|block)',
    'could not access the server configuration file',
    'required WAL directory',
    'could not (?:open|find) .*relation mapping file',
    'could not load .*pg_hba\\.conf',
  ].join('|'),
);

/** Turns what initdb or the server printed before it gave up into one line that says what to do. */
export const explainFailure = (output: string, context: FailureContext): LocalPostgresError => {
  const { dataDir, port, logPath } = context;
  const said = (SEVERE.exec(output) ?? PROBLEM.exec(output))?.[1] ?? output.trim().split('\n').at(-1) ?? '';
  if (/No space left on device|Disk quota exceeded/.test(output)) {
    return new LocalPostgresError(
      'disk_full',
      `The disk is full, PostgreSQL cannot write to ${dataDir}: free some space and start again.`,
    );
  }
  if (isPortTaken(output)) {
    return new LocalPostgresError(
      'port_in_use',
      `PostgreSQL cannot listen on 127.0.0.1:${port}, the port is in use: stop what listens there or choose another port.`,
    );
  }
  if (/incompatible with server|not compatible with this version/.test(output)) {
    return new LocalPostgresError(
      'wrong_version',
      `The data in ${dataDir} was made by another build of PostgreSQL, or is damaged (${said}): move that folder away to start empty, or dump it with the version that made it.`,
    );
  }
  if (/\/dev\/null\W.*Permission denied/.test(output)) {
    return new LocalPostgresError(
      'start_failed',
      'PostgreSQL may not write to /dev/null, which it needs: give everybody the right to (chmod 666 /dev/null) and start again.',
    );
  }
  if (/Permission denied|Read-only file system|has wrong ownership|Operation not permitted/.test(output)) {
    return new LocalPostgresError(
      'not_writable',
      `PostgreSQL may not write to ${dataDir} (${said}): give its owner the right to write there, or choose another folder.`,
    );
  }
  if (
    /unrecognized configuration parameter|invalid value for parameter|is outside the valid range|requires a numeric value|cannot be changed/.test(
      output,
    )
  ) {
    return new LocalPostgresError('bad_setting', `PostgreSQL refuses a setting (${said}): correct it and start again.`);
  }
  if (DAMAGED.test(output)) {
    return new LocalPostgresError(
      'data_damaged',
      `The data in ${dataDir} is damaged (${said}): restore it from a backup, or move that folder away to start empty.`,
    );
  }
  return new LocalPostgresError(
    'start_failed',
    `PostgreSQL did not start (${said || 'it said nothing'}): see ${logPath}.`,
  );
};

const SQLITE_REASONS: Record<number, string> = { 8: 'SQLITE_READONLY', 13: 'SQLITE_FULL', 14: 'SQLITE_CANTOPEN' };

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return ('errcode' in error && SQLITE_REASONS[Number(error.errcode)]) || String(error.code);
};

/** Turns a failed file operation of ours into one line that says what to do. */
export const explainFileError = (error: unknown, path: string): LocalPostgresError => {
  if (error instanceof LocalPostgresError) return error;
  const reason = reasonOf(error);
  if (['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(reason)) {
    return new LocalPostgresError(
      'disk_full',
      `The disk is full, ${path} cannot be written: free some space and start again.`,
      error,
    );
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'SQLITE_READONLY', 'SQLITE_CANTOPEN'].includes(reason)) {
    return new LocalPostgresError(
      'not_writable',
      `${path} cannot be used as a data folder (${reason}): give this user the right to write there, or choose another folder.`,
      error,
    );
  }
  const said = error instanceof Error ? error.message : String(error);
  return new LocalPostgresError('start_failed', `PostgreSQL could not be prepared in ${path} (${said}).`, error);
};
