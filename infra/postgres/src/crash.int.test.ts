import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findServer } from './postmaster-file.ts';
import { ownerOf } from './server-account.ts';
import { atEnd, connect, spawnStarter, startElsewhere, testFolder, testServer } from './test-folder.ts';

test('a server that outlived the kill -9 of its starter is adopted, with its data', async () => {
  const dir = await testFolder();
  const { told, end } = await startElsewhere(dir);
  if (!('pid' in told)) expect.fail(told.message);
  await connect(told.url)`create table kept as select 7 as seven`;
  await end('SIGKILL');

  const server = await testServer({ dir });

  expect(server).toMatchObject({ adopted: true, recovered: false, pid: told.pid, port: told.port });
  expect(await connect(server.url)`select seven from kept`).toEqual([{ seven: 7 }]);
  await server.stop();
  await server.exited;
  await expect(connect(server.url)`select 1`).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a server whose postmaster was killed is repaired at once, again and again, and loses no commit', async () => {
  const dir = await testFolder();
  let server = await testServer({ dir });
  await connect(server.url)`create table kept (round int)`;

  for (let round = 1; round <= 4; round += 1) {
    // A backend that is busy when the postmaster dies would hold on to the shared memory for minutes.
    const busy = connect(server.url);
    const interrupted = busy`select count(*) from generate_series(1, 2000000000)`.catch((error: unknown) => error);
    await connect(server.url)`insert into kept values (${round})`;
    await server.kill9();
    await server.exited;
    server = await testServer({ dir });
    expect(server).toMatchObject({ adopted: false, recovered: true });
    await interrupted;
  }

  expect(await connect(server.url)`select array_agg(round order by round) as rounds from kept`).toEqual([
    { rounds: [1, 2, 3, 4] },
  ]);
});

test('a stale pid file whose number belongs to another process by now is no hindrance', async ({ skip }) => {
  skip(process.platform !== 'linux', 'only Linux shows where a process works, elsewhere PostgreSQL asks the user');
  const dir = await testFolder();
  const server = await testServer({ dir });
  await server.kill9();
  const owner = await ownerOf(server.dataDir);
  const stranger = spawn('sleep', ['60'], { ...owner, stdio: 'ignore' });
  atEnd(async () => stranger.kill());
  const file = join(server.dataDir, 'postmaster.pid');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(stranger.pid)));

  const again = await testServer({ dir });

  expect(again).toMatchObject({ adopted: false, recovered: true });
  expect(stranger.exitCode).toBe(null);
});

test('a first start that was killed in the middle of initdb starts over', async () => {
  const dir = await testFolder();
  const { end } = spawnStarter(dir);
  const initialising = async () => (await readdir(dir)).some((name) => name.startsWith('data.part-'));
  await expect.poll(initialising, { interval: 5, timeout: 10_000 }).toBe(true);
  await end('SIGKILL');

  const server = await testServer({ dir });

  expect(server).toMatchObject({ adopted: false, recovered: false });
  expect(await connect(server.url)`select count(*) > 100 as whole from pg_class`).toEqual([{ whole: true }]);
  expect((await readdir(dir)).filter((name) => name.startsWith('data.part-'))).toEqual([]);
});

test('a server that crashed under its user can be started again by him, and stopped', async () => {
  const dir = await testFolder();
  const first = await testServer({ dir });
  process.kill(first.pid, 'SIGKILL');
  await first.exited;

  const second = await testServer({ dir });
  await second.stop();
  await second.exited;

  expect(await findServer(second.dataDir)).toBeUndefined();
});
