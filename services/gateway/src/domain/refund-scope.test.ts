import { expect, test } from 'vitest';
import { refundScopeProblems } from './refund-scope.ts';

const lines = [{ sku: 'tea', quantity: 1, amountMinor: 5 }];

test.each([
  [{ scope: 'whole', orderId: 'o' }, []],
  [{ scope: 'whole' }, ['/orderId is required when scope is "whole"']],
  [{ scope: 'amount', amountMinor: 5 }, []],
  [{ scope: 'amount', orderId: 'o' }, ['/amountMinor is required when scope is "amount"']],
  [{ scope: 'lines', lines }, []],
  [{ scope: 'lines' }, ['/lines is required when scope is "lines"']],
])('a refund says what its scope needs: %o', (refund, problems) => {
  expect(refundScopeProblems(refund).map(({ path, message }) => `${path} ${message}`)).toEqual(problems);
});

test.each([
  [{ scope: 'whole', orderId: 'o', amountMinor: 5, lines }, ['/amountMinor', '/lines']],
  [{ scope: 'amount', amountMinor: 5, lines }, ['/lines']],
  [{ scope: 'lines', amountMinor: 5, lines }, ['/amountMinor']],
])('and nothing that says something else: %o', (refund, paths) => {
  const problems = refundScopeProblems(refund);
  expect(problems.map(({ path }) => path)).toEqual(paths);
  expect(problems.every(({ message }) => message === `must not be given when scope is "${refund.scope}"`)).toBe(true);
});

test('a scope that there is not is told elsewhere', () => {
  expect(refundScopeProblems({ scope: 'half' })).toEqual([]);
});
