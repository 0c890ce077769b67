import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addToTally, type TalliedTrigger } from './tally.ts';

const trigger = (atMs: number, triggerKey: string): TalliedTrigger => ({ atMs, triggerKey });

it('counts each once, also those of one instant', () => {
  const once = addToTally(undefined, [trigger(2, 'c'), trigger(1, 'a'), trigger(2, 'b'), trigger(1, 'a')]);
  expect(once).toEqual({ count: 3, lastAtMs: 2, lastKey: 'c' });
  expect(addToTally(once, [trigger(2, 'c'), trigger(3, 'a'), trigger(1, 'z')])).toEqual({
    count: 4,
    lastAtMs: 3,
    lastKey: 'a',
  });
});

it('counts a history told in order and then all over again once, however it is cut into batches', () => {
  const one = fc.record({ atMs: fc.nat(20), triggerKey: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30, size: 'max' }), fc.integer({ min: 1, max: 7 }), (list, size) => {
      const history = list.toSorted((a, b) => a.atMs - b.atMs || (a.triggerKey < b.triggerKey ? -1 : 1));
      let tally: ReturnType<typeof addToTally> | undefined;
      for (let run = 0; run < 2; run++)
        for (let i = 0; i < history.length; i += size) tally = addToTally(tally, history.slice(i, i + size));
      expect(tally?.count ?? 0).toBe(new Set(list.map(({ atMs, triggerKey }) => `${atMs} ${triggerKey}`)).size);
    }),
  );
});
