import { AppError } from '@vafa/kernel';
import { describe, expect, test } from 'vitest';
import { classify, isClash, isInfrastructure, isTooSlow, reasonOf } from './errors.ts';

const coded = (code: string): Error => Object.assign(new Error('text of the server, with the data: 42'), { code });
const wrapped = (code: string): Error => new Error('Failed query', { cause: coded(code) });

describe('the same batch again, nothing is skipped', () => {
  test.each([
    'CONNECTION_CLOSED',
    'CONNECT_TIMEOUT',
    'ECONNREFUSED',
    '08006', // connection failure
    '25006', // a standby
    '40001', // serialization failure
    '40P01', // deadlock
    '53100', // disk full
    '53300', // too many connections
    '55P03', // lock timeout
    '57014', // statement timeout
    '57P01', // the server stops
    '57P03', // the server starts
    '58030', // I/O error
    'XX001', // damaged data
    '28P01', // wrong password
    '42P01', // a table is missing: a migration was forgotten
    '42501', // a right is missing
  ])('%s, also when the query builder wrapped it', (code) => {
    expect(classify(coded(code))).toBe('infrastructure');
    expect(classify(wrapped(code))).toBe('infrastructure');
    expect(classify(new AppError('unavailable', 'x.down', 'try later', {}, coded(code)))).toBe('infrastructure');
  });
});

describe('parked, because no retry would mend it', () => {
  test.each(['22001', '22021', '22P02', '23502', '23514'])('data that the database refuses: %s', (code) => {
    expect(classify(coded(code))).toBe('poison');
    expect(classify(wrapped(code))).toBe('poison');
  });

  test.each(['invalid', 'unauthenticated', 'forbidden', 'not_found', 'conflict', 'rejected'] as const)(
    'a refusal of ours: %s, whatever caused it',
    (kind) => {
      expect(classify(new AppError(kind, 'x.no', 'no'))).toBe('poison');
      expect(classify(new AppError(kind, 'x.no', 'no', {}, coded('40001')))).toBe('poison');
    },
  );
});

describe('a few more tries', () => {
  test.each([
    ['a bug', new TypeError('x is not a function')],
    ['JSON.parse', new SyntaxError('Unexpected end of JSON input')],
    ['a range', new RangeError('Invalid time value')],
    ['something thrown that is no error', 'boom'],
    ['nothing', undefined],
    ['a unique key: two transactions may have raced', coded('23505')],
    ['a foreign key', coded('23503')],
    ['an internal error of the server', coded('XX000')],
    ['wrong SQL', coded('42601')],
    ['asked to wait', new AppError('rate_limited', 'x.slow', 'slow down')],
    ['not there for now', new AppError('unavailable', 'x.down', 'down')],
  ])('%s', (_what, error) => expect(classify(error)).toBe('unsure'));
});

test('an endless chain of causes ends', () => {
  const error: Error & { cause?: unknown } = new Error('a');
  error.cause = error;
  expect(classify(error)).toBe('unsure');
});

test('a batch that was too slow is told apart', () => {
  expect([isTooSlow(coded('57014')), isTooSlow(wrapped('57014')), isTooSlow(coded('57P01'))]).toEqual([
    true,
    true,
    false,
  ]);
  expect(isInfrastructure(new AppError('conflict', 'x', 'x', {}, coded('57014')))).toBe(false);
});

test('a transaction that was given up for another is told apart', () => {
  expect(['40001', '40P01'].every((code) => isClash(coded(code)) && isClash(wrapped(code)))).toBe(true);
  expect([isClash(coded('55P03')), isClash(new AppError('conflict', 'x', 'x', {}, coded('40P01')))]).toEqual([
    false,
    false,
  ]);
});

describe('the reason kept with a parked event', () => {
  test('is the refusal with its problems', () => {
    const problems = [
      { path: '/lines/0', message: 'must be there' },
      { path: '', message: 'is odd' },
    ];
    expect(reasonOf(new AppError('invalid', 'ledger.bad', 'bad purchase', { problems }))).toEqual({
      code: 'ledger.bad',
      message: 'bad purchase; /lines/0 must be there; / is odd',
    });
  });

  test("never holds the server's text, which quotes the data", () => {
    expect(reasonOf(coded('22001'))).toEqual({
      code: 'database.22001',
      message: 'the database refuses the data of this event',
    });
    expect(reasonOf(wrapped('23505')).code).toBe('database.23505');
    expect(reasonOf(new TypeError('cannot read 42'))).toEqual({
      code: 'internal',
      message: 'TypeError: handling failed, see the log',
    });
    expect(reasonOf('boom').code).toBe('internal');
  });

  test('is short', () => {
    expect(reasonOf(new AppError('invalid', 'x', 'y'.repeat(5_000))).message).toHaveLength(2_000);
  });
});
