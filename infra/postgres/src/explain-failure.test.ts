import { expect, test } from 'vitest';
import { explainFailure, explainFileError, isPassing, isPortTaken, wasRecovered } from './explain-failure.ts';

const context = { dataDir: '/data', port: 5433, logPath: '/log' };

test.each([
  ['disk_full', 'FATAL:  could not write lock file "postmaster.pid": No space left on device'],
  [
    'port_in_use',
    'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\nFATAL:  could not create any TCP/IP sockets',
  ],
  [
    'wrong_version',
    'FATAL:  database files are incompatible with server\nDETAIL:  The data directory was initialized by PostgreSQL version 17',
  ],
  ['not_writable', 'FATAL:  could not create lock file "postmaster.pid": Read-only file system'],
  ['not_writable', 'FATAL:  data directory "/data" has wrong ownership'],
  ['bad_setting', 'FATAL:  unrecognized configuration parameter "x"'],
  ['data_damaged', 'LOG:  invalid checkpoint record\nPANIC:  could not locate a valid checkpoint record at 0/1'],
  ['data_damaged', 'PANIC:  could not read file "global/pg_control": read 100 of 296'],
  ['start_failed', 'FATAL:  something that nobody has seen before'],
  ['start_failed', ''],
])('%s is told from case %$', (code, output) => {
  const failure = explainFailure(output, context);
  expect(failure.code).toBe(code);
  expect(failure.message).toMatch(/^\S[^\n]*:[^\n]+\.$/);
});

test('the line names what the server said last of all', () => {
  const output = '2026-01-01 UTC [1] LOG:  starting\n2026-01-01 UTC [1] FATAL:  the moon is full\n';
  expect(explainFailure(output, context).message).toContain('(the moon is full): see /log');
});

test('a null device that may not be written to is not taken for the folder', () => {
  const output = 'sh: 1: cannot create /dev/null: Permission denied\ninitdb: error: program "postgres" is needed';
  expect(explainFailure(output, context).message).toContain('may not write to /dev/null');
});

test('file errors are told apart by their code', () => {
  const fileError = (code: string) => Object.assign(new Error('x'), { code });
  expect(explainFileError(fileError('ENOSPC'), '/data').code).toBe('disk_full');
  expect(explainFileError(fileError('EROFS'), '/data').code).toBe('not_writable');
  expect(explainFileError(fileError('EIO'), '/data').code).toBe('start_failed');
});

test('what passes, what another port mends and what was repaired is seen in the log', () => {
  expect(isPassing('FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use')).toBe(true);
  expect(isPassing('FATAL:  lock file "postmaster.pid" already exists')).toBe(true);
  expect(isPassing('FATAL:  could not locate a valid checkpoint record')).toBe(false);
  expect(isPortTaken('could not bind IPv4 address "127.0.0.1": Address already in use')).toBe(true);
  expect(wasRecovered('LOG:  database system was not properly shut down; automatic recovery in progress')).toBe(true);
  expect(wasRecovered('LOG:  database system was shut down at 2026-01-01')).toBe(false);
});
