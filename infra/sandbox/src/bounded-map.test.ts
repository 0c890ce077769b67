import { expect, it } from 'vitest';
import { createBoundedMap } from './bounded-map.ts';

const filled = (limits: { limitCount: number; limitBytes?: number }) => {
  const gone: string[] = [];
  const map = createBoundedMap<number, string>({
    ...limits,
    bytesOf: (value) => value.length,
    onForget: (value) => gone.push(value),
  });
  return { map, gone };
};

it('forgets the oldest beyond the count', () => {
  const { map, gone } = filled({ limitCount: 2 });
  for (const [key, value] of ['a', 'b', 'c'].entries()) map.set(key, value);
  expect([...map.values()]).toEqual(['b', 'c']);
  expect(gone).toEqual(['a']);
  expect(map.forgottenCount()).toBe(1);
  expect(map.get(0)).toBeUndefined();
});

it('forgets as many as the bytes ask for, but never the newest', () => {
  const { map, gone } = filled({ limitCount: 10, limitBytes: 6 });
  map.set(1, 'aaa');
  map.set(2, 'bbb');
  map.set(1, 'a');
  map.set(3, 'cc');
  expect(map.size()).toBe(3);
  map.set(4, 'dddddddd');
  expect([...map.values()]).toEqual(['dddddddd']);
  expect(gone).toEqual(['a', 'bbb', 'cc']);
});

it('is empty after clear, with its bytes', () => {
  const { map } = filled({ limitCount: 10, limitBytes: 4 });
  map.set(1, 'aaaa');
  map.clear();
  map.set(2, 'bb');
  map.set(3, 'cc');
  expect([...map.values()]).toEqual(['bb', 'cc']);
});
