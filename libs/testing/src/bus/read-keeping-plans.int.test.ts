import { readKeepingPlans, type Sql } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';

let shop: ShopDatabase;
let sql: Sql;
beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
  await shop.sql`create table shop.stock (sku text primary key, pieces integer)`;
  await shop.sql`insert into shop.stock values ('tea', 3)`;
  sql = openSql({ url: shop.url, max: 1, name: 'vafa-test-reading', schema: 'shop' });
});
afterAll(async () => {
  await sql.end();
  await shop.drop();
});

const piecesOf = async (db: Pick<Sql, 'unsafe'>): Promise<number | undefined> =>
  (await db.unsafe<{ pieces: number }[]>('select pieces from shop.stock where sku = $1', ['tea'], { prepare: true }))[0]
    ?.pieces;

test('all is read as of one moment, whatever others write meanwhile', async () => {
  const read = await readKeepingPlans(sql, async (tx) => {
    const before = await piecesOf(tx);
    await shop.sql`update shop.stock set pieces = pieces + 1`;
    return [before, await piecesOf(tx)];
  });
  expect(read[0]).toBe(read[1]);
  expect(await readKeepingPlans(sql, piecesOf)).toBe((read[0] ?? 0) + 1);
});

test('statements are planned once, and each anew after it', async () => {
  const planned = async () => {
    const [row] = await sql<{ generic: number; custom: number }[]>`
      select generic_plans as generic, custom_plans as custom from pg_prepared_statements where statement like ${'%shop.stock where%'}`;
    return row;
  };
  await readKeepingPlans(sql, piecesOf);
  const before = await planned();
  await readKeepingPlans(sql, piecesOf);
  expect(await planned()).toEqual({ ...before, generic: (before?.generic ?? 0) + 1 });
  await piecesOf(sql);
  expect(await planned()).toMatchObject({ custom: (before?.custom ?? 0) + 1 });
});

test('who would write is refused, and what is thrown reaches who asked; the connection is as good as before', async () => {
  await expect(readKeepingPlans(sql, (tx) => tx`update stock set pieces = 0`)).rejects.toThrow('read-only transaction');
  const thrown = readKeepingPlans(sql, async (tx) => {
    await piecesOf(tx);
    throw new Error('not there');
  });
  await expect(thrown).rejects.toThrow('not there');
  expect(await piecesOf(sql)).toBeGreaterThan(0);
  await sql`update stock set pieces = pieces`;
});
