import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createGather, createGatheredCall, type GatherOptions } from './gather.ts';

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
    await turn();
  };
  return { ...gather, portions, finish, underWay: () => ends.length };
};

test('what comes in one turn goes together, and so does what comes meanwhile, in order', async () => {
  const { add, portions, finish } = createRecorder<number>();
  add(1);
  add(2);
  await turn();
  expect(portions).toEqual([[1, 2]]);
  for (const item of [3, 4, 5]) add(item);
  await turn();
  expect(portions).toEqual([[1, 2]]);
  await finish();
  expect(portions).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});

test('no more portions are under way than there are places', async () => {
  const { add, portions, finish, underWay } = createRecorder<number>({ places: 2 });
  for (const item of [1, 2, 3, 4]) {
    add(item);
    await turn();
  }
  expect(portions).toEqual([[1], [2]]);
  await finish();
  expect(portions).toEqual([[1], [2], [3, 4]]);
  expect(underWay()).toBe(2);
});

test('a portion weighs no more than it may, but one heavy item goes alone', async () => {
  const { add, portions, finish } = createRecorder<number>({ most: 5, weigh: (item) => item });
  for (const item of [1, 2, 3, 9, 1]) add(item);
  await turn();
  for (let i = 0; i < 4; i++) await finish();
  expect(portions).toEqual([[1, 2], [3], [9], [1]]);
});

test('what waits is shared among free places, in portions of a given weight at least', async () => {
  const { add, portions, finish } = createRecorder<number>({ places: 3, shareFrom: 4 });
  for (const item of Array(30).keys()) add(item);
  await turn();
  expect(portions.map(({ length }) => length)).toEqual([10, 10, 10]);
  for (const item of Array(11).keys()) add(item);
  await finish();
  await finish();
  expect(portions.slice(3).map(({ length }) => length)).toEqual([11]);
  await finish();
  for (const item of Array(9).keys()) add(item);
  await turn();
  expect(portions.slice(4).map(({ length }) => length)).toEqual([5, 4]);
});

test('what comes back together from one portion does not stay together', async () => {
  const { add, portions, finish } = createRecorder<number>({ places: 2, shareFrom: 3, weigh: (item) => item });
  for (const item of [1, 1]) add(item);
  await turn();
  expect(portions).toEqual([[1, 1]]);
  for (const item of [2, 2, 3]) add(item);
  await finish();
  expect(portions.slice(1)).toEqual([[2, 2], [3]]);
});

test('what is too little for a portion of its own waits for the one under way, but not for long', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { add, portions, finish } = createRecorder<number>({ places: 2, shareFrom: 3 });
    add(1);
    await turn();
    for (const item of [2, 3]) add(item);
    await turn();
    expect(portions).toEqual([[1]]);
    await finish();
    expect(portions).toEqual([[1], [2, 3]]);
    add(4);
    await turn();
    vi.advanceTimersByTime(4);
    add(5);
    await turn();
    expect(portions.length).toBe(2);
    vi.advanceTimersByTime(1);
    expect(portions.slice(2)).toEqual([[4, 5]]);
    await finish();
    add(6);
    await turn();
    // That something was held back before does not count any more.
    expect(portions.length).toBe(3);
    add(7);
    add(8);
    await turn();
    expect(portions.slice(3)).toEqual([[6, 7, 8]]);
  } finally {
    vi.useRealTimers();
  }
});

test('what does not fit is left for a later portion, and does not keep others back', async () => {
  const { add, portions, finish } = createRecorder<string>({
    fits: (item, portion) => !portion.some((other) => other[0] === item[0]),
  });
  for (const item of ['a1', 'a2', 'a3', 'b1']) add(item);
  await turn();
  for (let i = 0; i < 3; i++) await finish();
  expect(portions).toEqual([['a1', 'b1'], ['a2'], ['a3']]);
});

test('idle when nothing waits and nothing is under way', async () => {
  const { add, idle, finish, underWay } = createRecorder<number>();
  await idle();
  add(1);
  let done = false;
  const waiting = idle().then(() => {
    done = true;
  });
  await turn();
  add(2);
  await finish();
  expect([done, underWay()]).toEqual([false, 1]);
  await finish();
  await waiting;
  expect(done).toBe(true);
});

test('whatever comes whenever: each item goes once, within the limits', async () => {
  const steps = fc.array(fc.oneof(fc.record({ add: fc.integer({ min: 1, max: 8 }) }), fc.constant('finish' as const)));
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 10 }), async (...drawn) => {
      const [all, places, shareFrom] = drawn;
      const { add, idle, portions, finish, underWay } = createRecorder<{ weight: number }>({
        ...{ places, most: 10, shareFrom, weigh: ({ weight }) => weight },
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
      await turn();
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

test('calls that are made together are answered by one, each with its own answer, or fail together', async () => {
  const asked: number[][] = [];
  const double = createGatheredCall<number, number>(
    async (questions) => {
      asked.push(questions);
      if (questions.includes(0)) throw new Error('nothing to double');
      return questions.map((question) => question * 2);
    },
    { places: 1, most: 3 },
  );
  expect(await Promise.all([double(1), double(2), double(3), double(4)])).toEqual([2, 4, 6, 8]);
  expect(asked).toEqual([[1, 2, 3], [4]]);
  const failures = await Promise.allSettled([double(5), double(0)]);
  expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
