import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { findBinaryPackage, SERVER_ENV, usableBinaries } from './binaries.ts';
import type { LocalPostgres } from './index.ts';
import { runsAsRoot, unprivilegedAccount } from './server-account.ts';
import { atEnd, connect, startElsewhere, testFolder, testServer } from './test-folder.ts';

beforeEach(({ skip }) => {
  skip(!runsAsRoot(), 'PostgreSQL runs as the user itself unless that is root');
});

const closedHome = async (): Promise<string> => {
  const home = join(await testFolder(), 'home');
  await mkdir(home, { mode: 0o700 });
  return home;
};

/** The data goes outside of the test's folder, so it is taken away apart from it, after the server has stopped. */
const startMoved = async (dir: string): Promise<LocalPostgres> => {
  const server = await testServer({ dir, log: (line) => lines.push(line) });
  atEnd(async () => {
    await server.stop();
    await rm(dirname(server.dataDir), { recursive: true, force: true });
  });
  return server;
};
const lines: string[] = [];

test('from a closed home the data goes where the server’s user can reach it, and is found again', async () => {
  const home = await closedHome();
  const dir = join(home, 'vafa/.vafa/postgres');

  const server = await startMoved(dir);

  expect(server.dataDir).toMatch(/^\/var\/(lib\/vafa\/|tmp\/vafa-)postgres-[0-9a-f]{12}\/data$/);
  expect(JSON.parse(await readFile(join(dir, 'moved-to.json'), 'utf8'))).toMatchObject({ dataDir: server.dataDir });
  expect(lines.join('\n')).toContain(dirname(server.dataDir));
  expect((await stat(server.dataDir)).uid).not.toBe(0);
  expect((await stat(dirname(server.dataDir))).mode & 0o777).toBe(0o711);

  const other = await startMoved(dir);
  expect(other).toMatchObject({ adopted: true, pid: server.pid, url: server.url });
  await other.stop();
  await server.stop();

  await chmod(home, 0o755);
  expect(await startMoved(dir), 'opening the home later leaves the data where it is').toMatchObject({
    adopted: false,
    dataDir: server.dataDir,
  });
});

test('a folder that others can enter is used itself', async () => {
  const dir = join(await testFolder(), 'open');
  await chmod(dirname(dir), 0o755);
  expect((await testServer({ dir })).dataDir).toBe(join(await realpath(dir), 'data'));
});

test('data whose owner can no longer enter the folder is not left behind for an empty one', async () => {
  const home = join(await testFolder(), 'home');
  await mkdir(home);
  await chmod(dirname(home), 0o755);
  const dir = join(home, 'postgres');
  await (await testServer({ dir })).stop();
  await chmod(home, 0o700);

  await expect(testServer({ dir })).rejects.toMatchObject({ code: 'not_writable' });
  expect(await readdir(dir)).not.toContain('moved-to.json');
});

test('programs installed in a closed folder, or without their library links, are used from a copy', async () => {
  const home = await closedHome();
  const installed = await findBinaryPackage();
  const links = JSON.parse(await readFile(join(installed.dir, 'native/pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  const source = { ...installed, dir: join(home, 'package') };
  await cp(installed.dir, source.dir, { recursive: true, verbatimSymlinks: true });
  for (const { target } of links) await rm(join(source.dir, target));
  const area = await testFolder();
  await chmod(area, 0o711);
  const account = await unprivilegedAccount();

  const binaries = await usableBinaries(source, area, account, () => undefined);

  expect(binaries.postgres.startsWith(area)).toBe(true);
  const version = execFileSync(binaries.initdb, ['--version'], { ...account, env: SERVER_ENV, cwd: '/' });
  expect(version.toString()).toContain('(PostgreSQL) 18');
  const copiedAt = (await stat(binaries.postgres)).ctimeMs;
  const again = await usableBinaries(source, area, account, () => undefined);
  expect((await stat(again.postgres)).ctimeMs, 'copied once').toBe(copiedAt);
});

test('library links that an install script should have made are made in place', async () => {
  const open = await testFolder();
  await chmod(open, 0o755);
  const installed = await findBinaryPackage();
  const source = { ...installed, dir: join(open, 'package') };
  await cp(installed.dir, source.dir, { recursive: true, verbatimSymlinks: true });
  await rm(join(source.dir, 'native/lib/libicuuc.so.60'));

  const binaries = await usableBinaries(source, join(open, 'area'), await unprivilegedAccount(), () => undefined);

  expect(binaries.postgres).toBe(join(source.dir, 'native/bin/postgres'));
});

test('root of a container, who may not look into the processes of others, finds the server and its remains too', async ({
  skip,
}) => {
  const asInContainer = ['setpriv', '--bounding-set=-sys_ptrace'];
  try {
    execFileSync('setpriv', ['--bounding-set=-sys_ptrace', 'true'], { stdio: 'pipe' });
  } catch {
    skip('needs setpriv to give up a right');
  }
  const dir = await testFolder();
  const first = await startElsewhere(dir, undefined, asInContainer);
  await first.end('SIGKILL');
  const second = await startElsewhere(dir, undefined, asInContainer);
  if (!('pid' in first.told && 'pid' in second.told)) expect.fail(JSON.stringify([first.told, second.told]));
  expect(second.told).toMatchObject({ adopted: true, pid: first.told.pid });

  const busy = connect(second.told.url)`select count(*) from generate_series(1, 2000000000)`;
  const interrupted = busy.catch((error: unknown) => error);
  await connect(second.told.url)`select 1`;
  process.kill(second.told.pid, 'SIGKILL');
  await second.end('SIGKILL');
  const third = await startElsewhere(dir, undefined, asInContainer);
  expect(third.told).toMatchObject({ adopted: false });
  expect(await interrupted).toBeInstanceOf(Error);
  await third.end('SIGTERM');
});
