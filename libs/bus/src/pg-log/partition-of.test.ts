import { expect, test } from 'vitest';
import { partitionOf } from './partition-of.ts';

test('a key keeps its partition in every release, or its order would be lost', () => {
  expect(['c1', 'c2', 'مشتری', ''].map((key) => partitionOf(key, 8))).toEqual([1, 3, 4, 0]);
});

test('keys are spread over all partitions', () => {
  const counts = new Array<number>(8).fill(0);
  for (let i = 0; i < 8_000; i++)
    counts[partitionOf(`customer-${i}`, 8)] = (counts[partitionOf(`customer-${i}`, 8)] ?? 0) + 1;
  for (const count of counts) expect(count).toBeGreaterThan(800);
});
