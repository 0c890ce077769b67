import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createOneByOne } from './one-by-one.ts';

test('work of one key is done one after the other, in the order of asking, though some of it fails; of others meanwhile', async () => {
  const oneByOne = createOneByOne();
  const said: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (key: string | undefined, name: string, fails = false) =>
    oneByOne(key, async () => {
      said.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (fails) throw new Error(name);
      return name;
    });
  const all = Promise.allSettled([
    ...[ask('a', 'a1', true), ask('a', 'a2'), ask('b', 'b1'), ask('a', 'a3'), ask(undefined, '1'), ask(undefined, '2')],
  ]);
  expect(said).toEqual(['a1', 'b1', '1', '2']);
  for (; ends.length > 0; await turn()) ends.shift()?.();
  expect(said).toEqual(['a1', 'b1', '1', '2', 'a2', 'a3']);
  expect((await all).map(({ status }) => status === 'fulfilled')).toEqual([false, true, true, true, true, true]);
});
