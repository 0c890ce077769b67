import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryLock } from './held-lock.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vafa-lock-'));
});
afterAll(() => rm(dir, { recursive: true }));

test('has one holder at a time, in this process and in others, until it is released', async () => {
  const path = join(dir, 'a.lock');
  const inAnotherProcess = (): string => {
    const module = JSON.stringify(join(import.meta.dirname, 'held-lock.ts'));
    const script = `const { tryLock } = await import(${module}); console.log((await tryLock(${JSON.stringify(path)})) ? 'had' : 'refused')`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout.trim();
  };
  const lock = await tryLock(path);
  expect(lock).toBeDefined();
  expect(await tryLock(path)).toBeUndefined();
  expect(inAnotherProcess()).toBe('refused');
  lock?.release();
  // The other process ends without releasing, and the lock with it.
  expect(inAnotherProcess()).toBe('had');
  const again = await tryLock(path);
  expect(again).toBeDefined();
  again?.release();
});
