import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tryExclusive, tryShared, waitForLock } from './held-lock.ts';
import { atEnd, testFolder } from './test-folder.ts';

test('exclusive keeps all others out, shared only the exclusive one', async () => {
  const path = join(await testFolder(), 'lock');
  const alone = tryExclusive(path);
  expect(tryExclusive(path)).toBeUndefined();
  expect(tryShared(path)).toBeUndefined();
  alone?.release();
  const shared = [tryShared(path), tryShared(path)];
  expect(tryExclusive(path)).toBeUndefined();
  for (const lock of shared) lock?.release();
  const again = tryExclusive(path);
  expect(again).toBeDefined();
  again?.release();
});

test('the lock of a process that was killed is free', async () => {
  const path = join(await testFolder(), 'lock');
  const module = new URL('./held-lock.ts', import.meta.url).href;
  const script = `(await import(${JSON.stringify(module)})).tryExclusive(process.argv[1]); console.log('held'); setInterval(() => {}, 1000)`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atEnd(async () => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');

  await expect(waitForLock(path, tryExclusive, 60)).rejects.toMatchObject({ code: 'lock_timeout' });
  holder.kill('SIGKILL');
  const lock = await waitForLock(path, tryExclusive, 5_000);
  lock.release();
});
