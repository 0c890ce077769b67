import { GCProfiler } from 'node:v8';
import { openSql } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';

// What the patch of postgres.js saves (infra/patches): a service that answered a statement must be done with it. V8 makes a
// function that is written where it is assigned to a property among the old objects, and whatever it refers to stays until
// those are collected. A sixth of all a service allocated stayed that way, and each collection took 5 to 10 ms for it.

let shop: ShopDatabase;
beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
});
afterAll(() => shop.drop());

const usedIn = (statistics: { spaceName: string; spaceUsedSize: number }[], name: string): number =>
  statistics.find((space) => space.spaceName === name)?.spaceUsedSize ?? Number.NaN;

/** The share of young objects, by bytes, that outlives its collections while something is done. */
const survivingWhile = async (deed: () => Promise<unknown>): Promise<number> => {
  const profiler = new GCProfiler();
  profiler.start();
  await deed();
  const scavenges = profiler.stop().statistics.filter(({ gcType }) => gcType === 'Scavenge');
  let [young, kept] = [0, 0];
  for (const { beforeGC, afterGC } of scavenges) {
    const [before, after] = [beforeGC.heapSpaceStatistics, afterGC.heapSpaceStatistics];
    young += usedIn(before, 'new_space');
    kept += usedIn(after, 'new_space') + Math.max(0, usedIn(after, 'old_space') - usedIn(before, 'old_space'));
  }
  expect(scavenges.length).toBeGreaterThan(4);
  return kept / young;
};

test('answered statements and ended transactions are collected with the young objects', async () => {
  const sql = openSql({ url: shop.url, max: 1, name: 'vafa-test' });
  const book = (times: number) => async () => {
    for (let each = 0; each < times; each++) {
      await sql.begin(async (tx) => {
        await tx`select ${'a text of some length '.repeat(20)}::text as text`;
        await tx`select ${each}::bigint as number`;
      });
    }
  };
  // What is compiled and cached at first stays for good.
  await book(1000)();
  expect(await survivingWhile(book(8000))).toBeLessThan(0.05);
  await sql.end();
});
