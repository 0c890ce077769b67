import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFloor } from './floor.ts';

test('rises past what was given out once all who could have it have ended', () => {
  const floor = createFloor();
  floor.passed({ lastId: 10, oldestWriter: 100, reach: Number.POSITIVE_INFINITY, deleter: 107 });
  expect(floor.from()).toBe(0);
  // 105 still writes.
  floor.passed({ lastId: 30, oldestWriter: 105, reach: Number.POSITIVE_INFINITY, deleter: 110 });
  expect(floor.from()).toBe(0);
  floor.passed({ lastId: 30, oldestWriter: 107, reach: Number.POSITIVE_INFINITY, deleter: 111 });
  expect(floor.from()).toBe(11);
});

test('does not rise past what a full look did not reach', () => {
  const floor = createFloor();
  floor.passed({ lastId: 5_000, oldestWriter: 100, reach: 1_000, deleter: 107 });
  floor.passed({ lastId: 5_000, oldestWriter: 120, reach: 2_000, deleter: 121 });
  expect(floor.from()).toBe(0);
  floor.passed({ lastId: 5_000, oldestWriter: 130, reach: 5_000, deleter: 131 });
  expect(floor.from()).toBe(5_001);
});

test('an outbox that nobody writes to leaves it where it is', () => {
  const floor = createFloor();
  for (let i = 0; i < 3; i++)
    floor.passed({ lastId: 0, oldestWriter: 100, reach: Number.POSITIVE_INFINITY, deleter: undefined });
  expect(floor.from()).toBe(0);
});

// A small Postgres: writers get a number, then ids, and commit whenever they like; looks see what is committed.
interface Writer {
  number: number;
  ids: number[];
}
const deed = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'begin' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), who: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), who: fc.nat(), commits: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('look' as const), limit: fc.integer({ min: 1, max: 4 }) }) },
);

test('no row is ever committed below it', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 80, size: 'max' }), (deeds) => {
      const floor = createFloor();
      const writing: Writer[] = [];
      let visible: number[] = [];
      let [nextNumber, nextId] = [1, 1];
      for (const each of deeds) {
        const writer = 'who' in each ? writing[each.who % Math.max(1, writing.length)] : undefined;
        if (each.kind === 'begin') writing.push({ number: nextNumber++, ids: [] });
        else if (each.kind === 'write') writer?.ids.push(nextId++);
        else if (each.kind === 'end' && writer) {
          writing.splice(writing.indexOf(writer), 1);
          if (!each.commits) continue;
          for (const id of writer.ids) expect(id).toBeGreaterThanOrEqual(floor.from());
          visible = [...visible, ...writer.ids].sort((a, b) => a - b);
        } else if (each.kind === 'look') {
          const oldestWriter = Math.min(nextNumber, ...writing.map(({ number }) => number));
          const lastId = nextId - 1;
          const seen = visible.filter((id) => id >= floor.from()).slice(0, each.limit);
          visible = visible.filter((id) => !seen.includes(id));
          const deleter = seen.length > 0 ? nextNumber++ : undefined;
          const reach = seen.length < each.limit ? Number.POSITIVE_INFINITY : (seen.at(-1) ?? 0);
          floor.passed({ lastId, oldestWriter, reach, deleter });
        }
      }
      expect(visible.every((id) => id >= floor.from())).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
