import { expect, test } from 'vitest';
import { differencesBetween } from './diff.ts';

test('fields are compared one by one, down to the deepest', () => {
  expect(
    differencesBetween(
      { name: 'Club', days: 10, returns: { policy: 'within_balance', spentPoints: 'none' }, old: true },
      { name: 'Club', days: null, returns: { policy: 'within_balance', spentPoints: 'all' }, fresh: [1] },
    ),
  ).toEqual([
    { path: '/days', before: 10, after: null },
    { path: '/returns/spentPoints', before: 'none', after: 'all' },
    { path: '/old', before: true },
    { path: '/fresh', after: [1] },
  ]);
  expect(differencesBetween({ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2 }] } })).toEqual([]);
});

test('members with a name are found again wherever they stand; their order is a difference of its own', () => {
  const rule = (id: string, points: number) => ({ id, effect: { points } });
  expect(
    differencesBetween(
      { rules: [rule('a', 1), rule('b', 2), rule('gone', 3)] },
      { rules: [rule('b', 5), rule('a/x', 9), rule('a', 1)] },
    ),
  ).toEqual([
    { path: '/rules/b/effect/points', before: 2, after: 5 },
    { path: '/rules/gone', before: rule('gone', 3) },
    { path: '/rules/a~1x', after: rule('a/x', 9) },
    { path: '/rules', before: ['a', 'b'], after: ['b', 'a'] },
  ]);
});

test('members without a name are compared by their place', () => {
  expect(differencesBetween([1, 2, 3], [1, 4])).toEqual([
    { path: '/1', before: 2, after: 4 },
    { path: '/2', before: 3 },
  ]);
  const twice = [
    { id: 'a', n: 1 },
    { id: 'a', n: 2 },
  ];
  expect(differencesBetween(twice, [{ id: 'a', n: 1 }])).toEqual([{ path: '/1', before: { id: 'a', n: 2 } }]);
});
