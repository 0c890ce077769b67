import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairShare } from './membership.ts';

const sharesOf = (partitions: number, members: number, nthTopic: number): number[] =>
  Array.from({ length: members }, (_, before) => fairShare({ partitions, members, before }, nthTopic));

test('all partitions are shared out, and nobody has two more than another', () => {
  fc.assert(
    fc.property(fc.nat(64), fc.integer({ min: 1, max: 20 }), fc.nat(10), (partitions, members, nthTopic) => {
      const shares = sharesOf(partitions, members, nthTopic);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(partitions);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
  );
});

test('what is left over goes to different members on different topics', () => {
  expect([0, 1, 2].map((nthTopic) => sharesOf(4, 3, nthTopic))).toEqual([
    [2, 1, 1],
    [1, 1, 2],
    [1, 2, 1],
  ]);
});

test('a member that is not counted yet takes what there is', () => {
  expect(fairShare({ partitions: 8, members: 0, before: 0 }, 0)).toBe(8);
});
