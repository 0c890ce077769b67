import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGather, type GatherOptions } from './gather.ts';

/** A gather that keeps what it ran, and runs on until `finish` is called, the oldest portion first. */
const createRecorder = <Item>(options: Partial<GatherOptions<Item>> = {}) => {
  const portions: Item[][] = [];
  const ends: (() => void)[] = [];
  const gather = createGather<Item>({
    places: 1,
    most: 100,
    run: (portion) => {
      portions.push(portion);
      return new Promise((resolve) => ends.push(resolve));
    },
    ...options,
  });
  const finish = async () => {
    ends.shift()?.();
    await turn();
  };
  return { ...gather, portions, finish, underWay: () => ends.length };
};

test('the first does not wait; what comes meanwhile goes together, in order', async () => {
  const { add, portions, finish } = createRecorder<number>();
  for (const item of [1, 2, 3, 4]) add(item);
  expect(portions).toEqual([[1]]);
  await finish();
  expect(portions).toEqual([[1], [2, 3, 4]]);
});

test('what is added together goes together', () => {
  const { add, portions } = createRecorder<number>();
  add(1, 2, 3);
  expect(portions).toEqual([[1, 2, 3]]);
});

test('no more portions are under way than there are places', async () => {
  const { add, portions, finish, underWay } = createRecorder<number>({ places: 2 });
  for (const item of [1, 2, 3, 4]) add(item);
  expect(portions).toEqual([[1], [2]]);
  await finish();
  expect(portions).toEqual([[1], [2], [3, 4]]);
  expect(underWay()).toBe(2);
});

test('a portion weighs no more than it may, but one heavy item goes alone', async () => {
  const { add, portions, finish } = createRecorder<number>({ most: 5, weigh: (item) => item });
  for (const item of [1, 2, 3, 9, 1]) add(item);
  for (let i = 0; i < 4; i++) await finish();
  expect(portions).toEqual([[1], [2, 3], [9], [1]]);
});

test('what does not fit is left for a later portion, and does not keep others back', async () => {
  const { add, portions, finish } = createRecorder<string>({
    fits: (item, portion) => !portion.some((other) => other[0] === item[0]),
  });
  for (const item of ['a1', 'a2', 'a3', 'b1']) add(item);
  for (let i = 0; i < 3; i++) await finish();
  expect(portions).toEqual([['a1'], ['a2', 'b1'], ['a3']]);
});

test('idle when nothing waits and nothing is under way', async () => {
  const { add, idle, finish, underWay } = createRecorder<number>();
  await idle();
  add(1);
  add(2);
  let done = false;
  const waiting = idle().then(() => {
    done = true;
  });
  await finish();
  expect([done, underWay()]).toEqual([false, 1]);
  await finish();
  await waiting;
  expect(done).toBe(true);
});

test('whatever comes whenever: each item goes once, within the limits', async () => {
  const steps = fc.array(fc.oneof(fc.record({ add: fc.integer({ min: 1, max: 8 }) }), fc.constant('finish' as const)));
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (all, places) => {
      const { add, idle, portions, finish, underWay } = createRecorder<{ weight: number }>({
        ...{ places, most: 10, weigh: ({ weight }) => weight },
      });
      const items: { weight: number }[] = [];
      for (const step of all) {
        if (step === 'finish') await finish();
        else {
          items.push({ weight: step.add });
          add(items.at(-1) as { weight: number });
        }
        expect(underWay()).toBeLessThanOrEqual(places);
      }
      while (underWay() > 0) await finish();
      await idle();
      expect(portions.flat()).toEqual(items);
      for (const portion of portions) {
        const weight = portion.reduce((sum, each) => sum + each.weight, 0);
        expect(portion.length > 0 && (weight <= 10 || portion.length === 1)).toBe(true);
      }
    }),
  );
});
