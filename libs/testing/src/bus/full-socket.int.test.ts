import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Tx } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import { expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { until } from './until.ts';

/** Stands between a client and the database, hears what the client sends, and keeps its answers back when it is told to. */
const standBetween = async (url: string) => {
  const { port, hostname } = new URL(url);
  let heard = '';
  let toClient: Socket | undefined;
  let fromDatabase: Socket | undefined;
  const server = createServer((client) => {
    toClient = client;
    fromDatabase = connect(Number(port), hostname);
    client.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    client.pipe(fromDatabase);
    fromDatabase.pipe(client);
    for (const socket of [client, fromDatabase]) socket.on('error', () => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const here = new URL(url);
  here.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: here.href,
    hears: (text: string) => heard.includes(text),
    keepAnswers: () => fromDatabase?.unpipe(),
    giveAnswers: () => toClient && fromDatabase?.pipe(toClient),
    close: () => server.close(),
  };
};

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
