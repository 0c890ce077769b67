import { expect, test } from 'vitest';
import { unacknowledged } from './kafka-sender.ts';

const written = (...names: string[]) =>
  names.map((name) => {
    const [topicName = '', partition] = name.split('/');
    return { topicName, partition: Number(partition) };
  });

test('a partition that no broker answered for is noticed, whatever the client says', () => {
  const assigned = new Set(['a/0', 'a/1', 'b/0']);
  expect(unacknowledged(assigned, written('a/0', 'a/1', 'b/0'))).toEqual([]);
  expect(unacknowledged(assigned, written('a/0', 'b/0'))).toEqual(['a/1']);
  expect(unacknowledged(assigned, written('b/1', 'a/0', 'a/1'))).toEqual(['b/0']);
  expect(unacknowledged(assigned, [])).toEqual(['a/0', 'a/1', 'b/0']);
});
