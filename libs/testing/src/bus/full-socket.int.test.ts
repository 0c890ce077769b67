import type { Tx } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import { expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { standBetween } from './stand-between.ts';
import { until } from './until.ts';

test('what fills the buffer of the socket keeps nothing back: what comes after it is sent before it is answered', async () => {
  const between = await standBetween(givenPostgres().adminUrl);
  const sql = openSql({ url: between.url, max: 1, name: 'vafa-test-full-socket' });
  const lengthOf = (tx: Tx, text: string) => tx<{ n: number }[]>`select length(${text}) as n`;
  // The server has told what it takes.
  await sql.begin((tx) => lengthOf(tx, ''));
  const large = 'x'.repeat(20_000_000);
  const answers = sql.begin(async (tx) => {
    between.keepAnswers();
    const asked = Promise.all([lengthOf(tx, large), lengthOf(tx, 'what comes after it')]);
    await until('what comes after it was sent', () => between.hears('what comes after it'), { limitMs: 5_000 }).finally(
      between.giveAnswers,
    );
    return asked;
  });
  expect((await answers).flat().map(({ n }) => n)).toEqual([large.length, 19]);
  await sql.end();
  between.close();
});
