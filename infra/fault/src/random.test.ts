import { expect, it } from 'vitest';
import { createRandom } from './random.ts';

const draw = (seed: number): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: 20 }, () => random.between(1, 1_000));
};

it('repeats by its seed and differs by another', () => {
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

it('forks into sources that do not disturb each other', () => {
  const one = createRandom(7);
  one.fork('kills').next();
  const two = createRandom(7);
  expect(one.next()).toBe(two.next());
  expect(createRandom(7).fork('kills').next()).not.toBe(createRandom(7).fork('stops').next());
});

it('keeps all items when it shuffles, and stays within bounds', () => {
  const random = createRandom(3);
  const items = Array.from({ length: 50 }, (_, i) => i);
  const shuffled = random.shuffled(items);
  expect(shuffled).not.toEqual(items);
  expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  for (let i = 0; i < 1_000; i++) {
    const drawn = random.between(2, 4);
    expect(drawn).toBeGreaterThanOrEqual(2);
    expect(drawn).toBeLessThanOrEqual(4);
  }
});
