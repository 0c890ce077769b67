import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, open, readdir, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalPostgres, LocalPostgresError, type LocalPostgresOptions, startLocalPostgres } from './index.ts';
import { findServer } from './postmaster-file.ts';
import { canEnter, runsAsRoot, unprivilegedAccount } from './server-account.ts';
import { atEnd, startElsewhere, testFolder, testServer } from './test-folder.ts';

const failureOf = async (options: LocalPostgresOptions): Promise<LocalPostgresError> => {
  const outcome = await startLocalPostgres(options).catch((error: unknown) => error);
  if (!(outcome instanceof LocalPostgresError)) {
    if (outcome instanceof Error) throw outcome;
    await (outcome as LocalPostgres).stop();
    expect.fail('it started, and should not have');
  }
  expect(outcome.message).not.toContain('\n');
  return outcome;
};

const takenPort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : expect.fail('no port');
};

let original: string;

beforeAll(async () => {
  original = await mkdtemp(join(tmpdir(), 'vafa-postgres-'));
  await chmod(original, 0o711);
  await (await startLocalPostgres({ dir: original })).stop();
});

afterAll(() => rm(original, { recursive: true, force: true }));

/** The folder of a server that ran once: a copy of one for all, since making one takes a second. */
const usedFolder = async () => {
  const dir = join(await testFolder(), 'used');
  execFileSync('cp', ['-a', original, dir]); // with its owners, which Node's own copy leaves out
  return { dir, dataDir: join(await realpath(dir), 'data'), password: join(dir, 'superuser-password') };
};

test('a port that was asked for and is in use', async () => {
  const port = await takenPort();
  const failure = await failureOf({ dir: await testFolder(), port });
  expect(failure.code).toBe('port_in_use');
  expect(failure.message).toContain(`127.0.0.1:${port}`);
});

test('the port of the last start in use by now: another one is taken', async () => {
  const { dir } = await usedFolder();
  const port = await takenPort();
  await writeFile(join(dir, 'port'), String(port));
  expect((await testServer({ dir })).port).not.toBe(port);
});

test('data of another version', async () => {
  const { dir, dataDir } = await usedFolder();
  await writeFile(join(dataDir, 'PG_VERSION'), '17\n');
  const failure = await failureOf({ dir });
  expect(failure.code).toBe('wrong_version');
  expect(failure.message).toMatch(/made by PostgreSQL 17, this is 18: move that folder away/);
});

test('data of another build of the same version', async () => {
  const { dir, dataDir } = await usedFolder();
  const control = await open(join(dataDir, 'global/pg_control'), 'r+');
  await control.write(Buffer.from([9, 7]), 0, 2, 8); // the version of this file itself
  await control.close();
  const failure = await failureOf({ dir });
  expect(failure.code).toBe('wrong_version');
});

test.each([
  ['PG_VERSION lost', (dataDir: string) => rm(join(dataDir, 'PG_VERSION'))],
  ['control file cut short', (dataDir: string) => truncate(join(dataDir, 'global/pg_control'), 100)],
  ['control file lost', (dataDir: string) => rm(join(dataDir, 'global/pg_control'))],
  ['configuration lost', (dataDir: string) => rm(join(dataDir, 'postgresql.conf'))],
  ['write-ahead log lost', (dataDir: string) => rm(join(dataDir, 'pg_wal'), { recursive: true })],
  [
    'write-ahead log emptied',
    async (dataDir: string) => {
      for (const name of await readdir(join(dataDir, 'pg_wal'))) {
        if (/^[0-9A-F]{24}$/.test(name)) await truncate(join(dataDir, 'pg_wal', name), 0);
      }
    },
  ],
  ['catalogue lost', (dataDir: string) => rm(join(dataDir, 'global/1260'))],
])('a damaged data folder: %s', async (_, damage) => {
  const { dir, dataDir } = await usedFolder();
  await damage(dataDir);
  const failure = await failureOf({ dir });
  expect(failure.message).toContain(dataDir);
  expect(failure.code).toBe('data_damaged');
  expect(await findServer(dataDir), 'nothing is left running').toBeUndefined();
});

test('a password file that was lost or replaced', async () => {
  const { dir, dataDir, password } = await usedFolder();
  await writeFile(password, 'another');
  expect((await failureOf({ dir })).code).toBe('password_lost');
  expect(await findServer(dataDir), 'nothing is left running').toBeUndefined();
  await rm(password);
  expect((await failureOf({ dir })).code).toBe('password_lost');
});

test('a setting that does not exist, has no such value, or is the launcher’s own', async () => {
  const dir = await testFolder();
  const unknown = await failureOf({ dir, settings: { shared_bufers: '1MB' } });
  expect(unknown.code).toBe('bad_setting');
  expect(unknown.message).toContain('shared_bufers');
  expect((await failureOf({ dir, settings: { shared_buffers: 'much' } })).code).toBe('bad_setting');
  expect((await failureOf({ dir, settings: { Listen_Addresses: '*' } })).code).toBe('bad_setting');
});

test('a file where the folder should be', async () => {
  const path = join(await testFolder(), 'file');
  await writeFile(path, '');
  expect((await failureOf({ dir: path })).code).toBe('not_writable');
  expect((await failureOf({ dir: join(path, 'below') })).code).toBe('not_writable');
});

test('a folder that this user may not write to, and one that he may', async ({ skip }) => {
  skip(!runsAsRoot(), 'needs root to take the part of another user');
  const account = await unprivilegedAccount();
  skip(!(await canEnter(account, import.meta.dirname)), 'the source lies in a folder that other users cannot enter');
  const closed = await testFolder();
  const { told } = await startElsewhere(join(closed, 'postgres'), account);
  expect(told).toMatchObject({ code: 'not_writable' });

  const open = await testFolder();
  execFileSync('chown', [`${account.uid}:${account.gid}`, open]);
  const welcome = await startElsewhere(open, account);
  expect(welcome.told).toMatchObject({ adopted: false, dataDir: join(open, 'data') });
});

test('a full disk, at the first start and later', async ({ skip }) => {
  const disk = join(await testFolder(), 'disk');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', disk], { stdio: 'pipe' });
  } catch {
    skip('needs the right to mount a small disk');
  }
  atEnd(async () => execFileSync('umount', [disk]));
  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(60 * 1024 * 1024));
  expect((await failureOf({ dir: join(disk, 'postgres') })).code).toBe('disk_full');
  expect((await readdir(join(disk, 'postgres'))).join()).not.toContain('data');

  await rm(filler);
  const server = await testServer({ dir: join(disk, 'postgres') });
  const fill = () => execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null || true', 'sh', filler]);
  fill();
  await server.stop();
  fill();
  expect((await failureOf({ dir: join(disk, 'postgres') })).code).toBe('disk_full');

  await rm(filler);
  expect(await testServer({ dir: join(disk, 'postgres') })).toMatchObject({ adopted: false });
});
