import { expect, test } from 'vitest';
import { assert, present } from './assert.ts';

test('a false claim about our own code throws and says what was claimed', () => {
  expect(() => assert(1 + 1 === 3, 'sums are right')).toThrow('assertion failed: sums are right');
  expect(() => present(undefined, 'the account')).toThrow('the account is present');
  expect(() => present(null, 'the account')).toThrow('the account is present');
});

test('what is there is handed on, also when it is falsy', () => {
  assert('x', 'never thrown');
  expect([present(0, 'zero'), present('', 'empty'), present(false, 'no')]).toEqual([0, '', false]);
});
