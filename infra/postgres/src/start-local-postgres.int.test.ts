import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPostmasterFile } from './postmaster-file.ts';
import { connect, startElsewhere, testFolder, testServer } from './test-folder.ts';

test('a cold start makes a durable UTF-8 database that only the password opens', async () => {
  const server = await testServer({ dir: join(await testFolder(), 'not/there/yet') });
  const sql = connect(server.url);

  const [facts] = await sql`
    select current_setting('server_version_num')::int / 10000 as major, current_setting('fsync') as fsync,
      current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
      current_setting('data_checksums') as checksums,
      pg_encoding_to_char(encoding) as encoding, datlocprovider as provider, datlocale as locale, upper('é') as upper
    from pg_database where datname = current_database()`;

  expect(facts).toEqual({
    major: 18,
    fsync: 'on',
    addresses: '127.0.0.1',
    sockets: '',
    checksums: 'on',
    encoding: 'UTF8',
    provider: 'b',
    locale: 'C.UTF-8',
    upper: 'É',
  });
  expect(server).toMatchObject({ adopted: false, recovered: false });
  expect((await stat(join(server.dataDir, '../superuser-password'))).mode & 0o777).toBe(0o600);
  const stranger = connect(server.url.replace(/postgres:[0-9a-f]+@/, 'postgres:guess@'));
  await expect(stranger`select 1`).rejects.toThrow(/password authentication failed/);
});

test('a warm start finds the data and the port again', async () => {
  const dir = await testFolder();
  const first = await testServer({ dir });
  await connect(first.url)`create table kept as select 'سلام' as word`;
  await first.stop();

  const second = await testServer({ dir });

  expect(second.url).toBe(first.url);
  expect(second).toMatchObject({ adopted: false, recovered: false, port: first.port });
  expect(await connect(second.url)`select word from kept`).toEqual([{ word: 'سلام' }]);
});

test('settings reach the server', async () => {
  const server = await testServer({ dir: await testFolder(), settings: { max_connections: '17', fsync: 'off' } });

  const [row] = await connect(server.url)`
    select current_setting('max_connections') as connections, current_setting('fsync') as fsync`;

  expect(row).toEqual({ connections: '17', fsync: 'off' });
});

test('stop ends the server cleanly under open connections, and may be called again', async () => {
  const dir = await testFolder();
  const server = await testServer({ dir });
  const sql = connect(server.url);
  await sql`select 1`;

  await Promise.all([server.stop(), server.stop()]);
  await server.exited;
  await server.stop();

  expect(await readPostmasterFile(server.dataDir)).toBeUndefined();
  expect((await testServer({ dir })).recovered).toBe(false);
});

test('of two processes that start at once one starts and the other adopts; the last to stop ends the server', async () => {
  const dir = await testFolder();

  const [one, two] = await Promise.all([startElsewhere(dir), startElsewhere(dir)]);

  const told = [one.told, two.told].map((words) => ('pid' in words ? words : expect.fail(words.message)));
  expect(told[0]?.pid).toBe(told[1]?.pid);
  expect(told.map(({ adopted }) => adopted).sort()).toEqual([false, true]);
  const sql = connect(told[0]?.url ?? '');
  await one.end('SIGTERM');
  expect(await sql`select 1 as still`).toEqual([{ still: 1 }]);
  await two.end('SIGTERM');
  expect(await readPostmasterFile(told[0]?.dataDir ?? '')).toBeUndefined();
});
