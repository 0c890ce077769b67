import { expect, test } from 'vitest';
import { inLanes } from './in-lanes.ts';

const FULL = 10;
const going = new AbortController().signal;

/** Does the portions one after the other, in turns of the event loop, and tells how many were under way at most. */
const portionsOf = (...portions: (number | Error)[]) => {
  const seen = { begun: 0, underWay: 0, most: 0 };
  const work = async (): Promise<number> => {
    const portion = portions[seen.begun++] ?? 0;
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    // An error comes sooner than a portion of its time.
    if (!(portion instanceof Error)) await new Promise((resolve) => setTimeout(resolve, 1));
    seen.underWay -= 1;
    if (portion instanceof Error) throw portion;
    return portion;
  };
  return { seen, run: (signal = going) => inLanes(work, FULL)(signal) };
};

test('what is no full portion is all there is', async () => {
  for (const found of [0, 9]) {
    const { seen, run } = portionsOf(found, FULL);
    expect(await run()).toBe(found);
    expect(seen.begun).toBe(1);
  }
});

test('after a full portion two lanes go on, each until it finds less', async () => {
  const { seen, run } = portionsOf(FULL, FULL, FULL, FULL, FULL, 3);
  expect(await run()).toBe(53);
  // The lane that found nothing asked once, after the others.
  expect(seen).toEqual({ begun: 7, underWay: 0, most: 2 });
});

test('a run comes to an end, however much there is, and at once when it is told to', async () => {
  const endless = portionsOf(...Array<number>(1_000).fill(FULL));
  expect(await endless.run()).toBe(41 * FULL);
  const told = portionsOf(...Array<number>(1_000).fill(FULL));
  const stopping = new AbortController();
  const running = told.run(stopping.signal);
  setTimeout(() => stopping.abort(), 5);
  expect(await running).toBeLessThan(41 * FULL);
  expect(told.seen.underWay).toBe(0);
});

test('what fails is told once nothing is under way any more', async () => {
  const { seen, run } = portionsOf(FULL, new Error('no disk'), 3);
  await expect(run()).rejects.toThrow('no disk');
  expect(seen).toMatchObject({ begun: 3, underWay: 0 });
});
