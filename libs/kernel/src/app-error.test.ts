import { expect, test } from 'vitest';
import { AppError, type ErrorKind, isFinal, messageOf } from './app-error.ts';

test.each<[ErrorKind, boolean]>([
  ['invalid', true],
  ['unauthenticated', true],
  ['forbidden', true],
  ['not_found', true],
  ['conflict', true],
  ['rejected', true],
  ['rate_limited', false],
  ['unavailable', false],
])('%s is final: %s', (kind, final) => {
  expect(isFinal(new AppError(kind, 'test.case', 'text'))).toBe(final);
});

test('what is no refusal of ours is not final, and has a text all the same', () => {
  expect(isFinal(new TypeError('x'))).toBe(false);
  expect(isFinal({ kind: 'invalid' })).toBe(false);
  expect([messageOf(new Error('boom')), messageOf('bare'), messageOf(undefined)]).toEqual([
    'boom',
    'bare',
    'undefined',
  ]);
});

test('the cause is kept for the log, beside a message for the caller', () => {
  const cause = new Error('secret');
  const error = new AppError('unavailable', 'test.down', 'try later', { retryAfterSeconds: 1 }, cause);
  expect(error.cause).toBe(cause);
  expect(error.details).toEqual({ retryAfterSeconds: 1 });
  expect('cause' in new AppError('invalid', 'test.case', 'text')).toBe(false);
});
