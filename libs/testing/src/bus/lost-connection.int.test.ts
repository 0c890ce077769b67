import { setTimeout as sleep } from 'node:timers/promises';
import { isInfrastructure } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';

// What the patch of postgres.js mends (infra/patches): all that is atomic here rests on it.

let shop: ShopDatabase;
beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
  await shop.sql`create table shop.note (text text)`;
});
afterAll(() => shop.drop());

const NAME = 'vafa-test-victim';
/** One connection, so that the next transaction gets the one that was lost. */
const openVictim = () => openSql({ url: shop.url, max: 1, name: NAME, schema: 'shop' });
const cut = () => shop.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${NAME}`;
const notes = async () => (await shop.sql<{ text: string }[]>`select text from shop.note`).map(({ text }) => text);
/** A moment that a test decides about. */
const createGate = () => {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
};

test('a transaction whose connection was lost can not write into the next one', async () => {
  const sql = openVictim();
  const [begun, goOn] = [createGate(), createGate()];
  const late: unknown[] = [];
  const lost = sql.begin(async (tx) => {
    await tx`insert into note values ('first')`;
    begun.open();
    await goOn.passed;
    // postgres.js would send these on the same connection, which by now is within somebody else's transaction.
    await tx`insert into note values ('late')`.catch((error: unknown) => late.push(error));
    await tx`insert into note values ('later')`;
  });
  // Expected before the cut: it may be refused while the cut is still under way.
  const refused = expect(lost).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  await begun.passed;
  await cut();
  await refused;

  const next = sql.begin(async (tx) => {
    await tx`insert into note values ('next')`;
    goOn.open();
    await expect.poll(() => late.length).toBe(1);
    await tx`insert into note values ('rolled back too')`;
    throw new Error('changed its mind');
  });
  await expect(next).rejects.toThrow('changed its mind');

  expect(late[0]).toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect(await notes()).toEqual([]);
  await sql.end();
});

test('a reserved connection that was lost fails its own user only, and does not spoil the pool', async () => {
  const sql = openVictim();
  const reserved = await sql.reserve();
  await reserved`select 1`;
  await cut();
  await expect
    .poll(() =>
      reserved`select 1`.then(
        () => 'answers',
        () => 'fails',
      ),
    )
    .toBe('fails');
  const [row] = await sql`select 'fresh' as text`;
  expect(row).toEqual({ text: 'fresh' });
  await expect(reserved`insert into note values ('strayed')`).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  reserved.release();
  expect(await sql`select 2 as n`).toEqual([{ n: 2 }]);
  expect(await notes()).toEqual([]);
  await sql.end();
});

test('who waits for a connection to reserve is served although one is lost meanwhile', async () => {
  const sql = openVictim();
  const busy = sql`select pg_sleep(5)`.catch(() => 'cut');
  await expect
    .poll(
      async () =>
        (
          await shop.sql`select 1 from pg_stat_activity where application_name = ${NAME}
    and wait_event = 'PgSleep'`
        ).length,
    )
    .toBe(1);
  const waiting = sql.reserve();
  await cut();
  expect(await busy).toBe('cut');
  const reserved = await waiting;
  expect(await reserved`select 1 as n`).toEqual([{ n: 1 }]);
  reserved.release();
  await sql.end();
});

test('after many cuts no transaction is stuck, no answer goes to another query, and the pool is whole', async () => {
  const size = 5;
  const sql = openSql({ url: shop.url, max: size, name: NAME, schema: 'shop' });
  let cutting = true;
  let wrong = 0;
  const work = async (worker: number): Promise<void> => {
    for (let n = 0; cutting; n += 2) {
      try {
        await sql.begin(async (tx) => {
          const asked = [`${worker}/${n}`, `${worker}/${n + 1}`];
          const told = await Promise.all(asked.map((text) => tx<{ text: string }[]>`select ${text}::text as text`));
          await sleep(2);
          const [last] = await tx<{ text: string }[]>`select ${`${worker}/end`}::text as text`;
          if (told.some(([row], i) => row?.text !== asked[i]) || last?.text !== `${worker}/end`) wrong += 1;
        });
      } catch (error) {
        if (!isInfrastructure(error)) throw error;
        await sleep(20);
      }
    }
  };
  const workers = [0, 1, 2, 3].map(work);
  for (let cuts = 0; cuts < 60; cuts++) {
    await sleep(40);
    await shop.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${NAME}
      and datname = current_database() order by random() limit 2`;
  }
  cutting = false;
  await Promise.all(workers);
  expect(wrong).toBe(0);
  const pids = await Promise.all(
    Array.from({ length: size }, () => sql<{ pid: number }[]>`select pg_backend_pid() as pid, pg_sleep(0.3)`),
  );
  expect(new Set(pids.map(([row]) => row?.pid)).size).toBe(size);
  await sql.end();
});
