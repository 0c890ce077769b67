import type { Sql, Tx } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { type Between, standBetween } from './stand-between.ts';

const LOCK = 20_261_130;
/** The server ends a transaction that rests for three times as long. */
const STATEMENT_MS = 200;

let between: Between;
let frozen: Sql;
let other: Sql;

beforeEach(async () => {
  const url = givenPostgres().adminUrl;
  between = await standBetween(url);
  frozen = openSql({ url: between.url, max: 1, name: 'vafa-test-frozen', statementTimeoutMs: STATEMENT_MS });
  other = openSql({ url, max: 1, name: 'vafa-test-other', statementTimeoutMs: 20_000 });
});
afterEach(async () => {
  await frozen.end({ timeout: 1 });
  await other.end({ timeout: 1 });
  between.close();
});

/** A client that hears no answer any more asks nothing more: as one that is frozen, or whose machine is gone. */
const freezesWhile = async (asks: (tx: Tx) => PromiseLike<unknown>): Promise<void> => {
  const locked = Promise.withResolvers<void>();
  const outcome = frozen
    .begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${LOCK})`;
      between.keepAnswers();
      locked.resolve();
      await asks(tx);
    })
    .then(
      () => 'committed',
      () => 'ended by the server',
    );
  await locked.promise;
  await other.begin((tx) => tx`select pg_advisory_xact_lock(${LOCK})`);
  between.giveAnswers();
  expect(await outcome).toBe('ended by the server');
  expect(await frozen`select ${1}::int as n`).toEqual([{ n: 1 }]);
};

test.each<[string, (tx: Tx) => PromiseLike<unknown>]>([
  ['asks what it asked before', (tx) => tx`select pg_advisory_xact_lock(${LOCK})`],
  ['asks for the first time, with a value', (tx) => tx`select ${1}::int as first`],
  ['asks for the first time, without one', (tx) => tx`select 1 as first`],
  ['asks for the first time, and more after it', (tx) => Promise.all([tx`select ${1}::int as a`, tx`select 1 as b`])],
  ['only wants to know what a statement takes', (tx) => tx`select ${1}::int as described`.describe()],
])('who freezes within a transaction that %s holds its locks no longer than it may rest', async (_what, asks) => {
  await freezesWhile(asks);
});
