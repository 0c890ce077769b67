import { beginAsking, type Tx } from '@vafa/bus';
import { openSql } from '@vafa/platform';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';
import { until } from './until.ts';

// What the patch of postgres.js adds (infra/patches): the first questions of a transaction go along with its BEGIN, and nothing
// that comes after its end reaches the database.

let shop: ShopDatabase;
beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
  await shop.sql`create table shop.stock (sku text primary key, pieces integer)`;
  await shop.sql.unsafe(`create function shop.refuse_now(code text, message text) returns boolean language plpgsql as $$
    begin raise exception '%', code using errcode = 'VL001', detail = message; end $$`);
});
afterAll(() => shop.drop());
beforeEach(async () => {
  await shop.sql`truncate shop.stock`;
  await shop.sql`insert into shop.stock values ('tea', 3)`;
});

const NAME = 'vafa-test-asking';
const open = () => openSql({ url: shop.url, max: 1, name: NAME, schema: 'shop' });
const piecesOf = async (sku: string): Promise<number | undefined> =>
  (await shop.sql<{ pieces: number }[]>`select pieces from shop.stock where sku = ${sku}`)[0]?.pieces;
const lockTea = (tx: Tx) => tx<{ pieces: number }[]>`select pieces from stock where sku = ${'tea'} for update`;

test('what is asked is answered within the transaction, and what is decided on it commits', async () => {
  const sql = open();
  for (let each = 0; each < 3; each++) {
    const left = await beginAsking(sql, {
      ask: lockTea,
      decide: async (tx, [tea]) => {
        await expect(shop.sql`select from shop.stock where sku = 'tea' for update nowait`).rejects.toThrow('lock');
        await tx`update stock set pieces = pieces - 1 where sku = ${'tea'}`;
        return (tea?.pieces ?? 0) - 1;
      },
    });
    expect(left).toBe(2 - each);
  }
  expect(await piecesOf('tea')).toBe(0);
  await sql.end();
});

test('questions that are asked together for the first time are each given their own answer', async () => {
  const sql = open();
  const ask = (tx: Tx) =>
    Promise.all([
      tx`select ${1}::integer as n, ${'a'}::text as t`,
      tx`select 2 as n`,
      tx`select ${'c'}::text as t, ${3}::integer as n, ${true}::boolean as yes`,
      tx`select ${4}::integer as n from stock where sku = ${'tea'}`,
    ]);
  for (let each = 0; each < 2; each++) {
    const answers = await beginAsking(sql, { ask, decide: async (_tx, asked) => asked });
    expect(answers.map(([row]) => row?.n)).toEqual([1, 2, 3, 4]);
  }
  await sql.end();
});

test('what throws, while asking or while deciding, takes back everything and leaves the connection usable', async () => {
  const sql = open();
  const take = (tx: Tx) => tx`update stock set pieces = pieces - 1 where sku = ${'tea'}`;
  const changed = beginAsking(sql, {
    ask: lockTea,
    decide: async (tx) => {
      await take(tx);
      throw new Error('changed its mind');
    },
  });
  await expect(changed).rejects.toThrow('changed its mind');
  const wrong = beginAsking(sql, {
    ask: (tx) => Promise.all([lockTea(tx), tx`select ${0}::integer / 0`]),
    decide: async (tx) => take(tx),
  });
  await expect(wrong).rejects.toThrow('division by zero');
  expect(await piecesOf('tea')).toBe(3);
  await beginAsking(sql, { ask: lockTea, decide: async (tx) => take(tx) });
  expect(await piecesOf('tea')).toBe(2);
  await sql.end();
});

/** Three times: at first the driver asks the server what each statement takes, later it sends them at once. */
const TIMES = [1, 2, 3];

test('what goes along with COMMIT is committed when the result is there', async () => {
  const sql = open();
  for (const time of TIMES) {
    const result = await beginAsking(sql, {
      ask: lockTea,
      decide: async (tx, [tea], alongWithCommit) => {
        const left = (tea?.pieces ?? 0) - 1;
        alongWithCommit(tx`update stock set pieces = ${left} where sku = ${'tea'}`);
        alongWithCommit(tx`insert into stock values (${`time ${time}`}, ${time})`);
        return left;
      },
    });
    expect([result, await piecesOf('tea'), await piecesOf(`time ${time}`)]).toEqual([3 - time, 3 - time, time]);
  }
  await sql.end();
});

type Last = (tx: Tx) => Promise<unknown>;
const meant = new Error('there is no more tea');
const circular: { itself?: object } = {};
circular.itself = circular;
test.each<[what: string, error: object, last: Last]>([
  ['the database refuses it', { code: '23505' }, (tx) => tx`insert into stock values (${'tea'}, ${1})`],
  [
    'the database refuses it for now',
    { kind: 'unavailable', code: 'shop.closed', message: 'come again' },
    (tx) => tx`select refuse_now(${'shop.closed'}, ${'come again'})`,
  ],
  ['it can not be sent', { code: 'UNDEFINED_VALUE' }, (tx) => tx`select ${undefined as never}::integer, ${5}::integer`],
  [
    'it can not be written once the server has said what it takes',
    { message: expect.stringContaining('circular') },
    (tx) => tx`select ${circular as never}::jsonb as given`,
  ],
  ['nothing of it is sent', meant, async () => Promise.reject(meant)],
  [
    'it fails after what was sent with it',
    meant,
    async (tx) => {
      const sent = tx`select ${'x'}::text`;
      sent.catch(() => undefined);
      await Promise.resolve();
      throw meant;
    },
  ],
])('nothing is committed of what goes along with COMMIT when %s', async (_what, error, last) => {
  const sql = open();
  for (const turn of ['before', 'after'] as const)
    for (const time of TIMES) {
      const name = `${turn} ${time}`;
      const take = (tx: Tx) => tx`insert into stock values (${name}, ${time})`;
      const undone = beginAsking(sql, {
        ask: lockTea,
        decide: async (tx, _asked, alongWithCommit) => {
          for (const each of turn === 'before' ? [last, take] : [take, last]) alongWithCommit(each(tx));
          return 'done';
        },
      });
      await expect(undone).rejects.toMatchObject(error);
      expect(await piecesOf(name)).toBeUndefined();
    }
  expect(await beginAsking(sql, { ask: lockTea, decide: async (_tx, [tea]) => tea?.pieces })).toBe(3);
  await sql.end();
});

test('a transaction whose COMMIT is a ROLLBACK fails, even if nobody waits for what failed in it', async () => {
  const sql = open();
  const undone = sql.begin(async (tx) => {
    tx`update stock set pieces = 0`.catch(() => undefined);
    tx`select 1 / 0`.catch(() => undefined);
  });
  await expect(undone).rejects.toThrow('division by zero');
  expect(await piecesOf('tea')).toBe(3);
  await sql.end();
});

test('plans are kept from the first statement on, for the transaction only', async () => {
  const sql = open();
  const mode = (db: Pick<Tx, 'unsafe'>) => db.unsafe<{ plan_cache_mode: string }[]>('show plan_cache_mode');
  const [kept, anew] = [{ keepsPlans: true }, {}].map((options) =>
    beginAsking(sql, { ...options, ask: mode, decide: async (_tx, [row]) => row?.plan_cache_mode }),
  );
  expect([await kept, await anew]).toEqual(['force_generic_plan', 'force_custom_plan']);
  await sql.end();
});

/** The driver's own call; the last argument is what goes along with BEGIN. */
const beginWith = (sql: ReturnType<typeof open>, along: string, decide: (tx: Tx) => Promise<unknown>) =>
  sql.begin(
    '',
    async (tx, begun) => {
      const [asked] = await Promise.all([lockTea(tx), begun]);
      await decide(tx);
      return asked;
    },
    along,
  );

test.each([
  ['and there is no transaction', 'rollback; select 1 / 0'],
  ['and the transaction is aborted', 'select 1 / 0'],
])('nothing is decided when BEGIN fails, %s', async (_case, along) => {
  const sql = open();
  const late: Tx[] = [];
  const decided: string[] = [];
  // Others wait for the only connection: they must get it in order, and a transaction of their own.
  const failed = sql.begin(
    '',
    async (tx, begun) => {
      late.push(tx);
      // Of what is asked for the first time, only the first is sent at once.
      await Promise.all([lockTea(tx), tx`select ${1}::integer`, tx`select ${'x'}::text`, begun]);
      decided.push('although BEGIN failed');
    },
    along,
  );
  const others = [1, 2].map((n) =>
    beginWith(sql, '', async (tx) => {
      await tx`insert into stock values (${`other ${n}`}, ${n})`;
      decided.push(`other ${n}`);
    }),
  );
  await expect(failed).rejects.toThrow('division by zero');
  await Promise.all(others);
  expect(decided).toEqual(['other 1', 'other 2']);
  expect([await piecesOf('other 1'), await piecesOf('other 2')]).toEqual([1, 2]);
  for (const tx of late)
    await expect(tx`update stock set pieces = 0`).rejects.toMatchObject({ code: 'TRANSACTION_OVER' });
  expect(await piecesOf('tea')).toBe(3);
  await sql.end();
});

test('a transaction whose BEGIN fails does not commit, even if nobody waits for it', async () => {
  const sql = open();
  await expect(sql.begin('', async () => 'done', 'rollback; select 1 / 0')).rejects.toThrow('division by zero');
  expect(await beginAsking(sql, { ask: lockTea, decide: async (_tx, [tea]) => tea?.pieces })).toBe(3);
  await sql.end();
});

test('a question that can not be sent fails alone, and the connection is usable', async () => {
  const sql = open();
  const outcomes: unknown[] = [];
  const wrong = beginAsking(sql, {
    ask: async (tx) => {
      const asked = [tx`select ${undefined as never}::integer`, lockTea(tx), tx`select 7 as n`];
      outcomes.push(...(await Promise.allSettled(asked)).map(({ status }) => status));
      return asked;
    },
    decide: async (tx) => tx`update stock set pieces = 0`,
  });
  await expect(wrong).rejects.toMatchObject({ code: 'UNDEFINED_VALUE' });
  expect(outcomes).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(await beginAsking(sql, { ask: lockTea, decide: async (_tx, [tea]) => tea?.pieces })).toBe(3);
  await sql.end();
});

// The driver sends a hundred statements without waiting for an answer, so that BEGIN may be the last or the first of them.
test.each([98, 99, 100, 101, 150])('a transaction that begins behind %i other statements is one', async (before) => {
  const sql = open();
  await sql`select 1`;
  const others = Array.from({ length: before }, (_, n) => sql<{ n: number }[]>`select ${n}::integer as n`);
  const kept = beginAsking(sql, { ask: lockTea, decide: async (tx) => tx`update stock set pieces = 8` });
  const undone = sql.begin(async (tx) => {
    await tx`update stock set pieces = 0`;
    throw new Error('changed its mind');
  });
  const refused = expect(undone).rejects.toThrow('changed its mind');
  expect((await Promise.all(others)).map(([row]) => row?.n)).toEqual([...Array(before).keys()]);
  await Promise.all([kept, refused]);
  expect(await piecesOf('tea')).toBe(8);
  await sql.end();
});

test('a statement that comes after the end of its transaction is refused', async () => {
  const sql = open();
  const late: Tx[] = [];
  await sql.begin(async (tx) => {
    late.push(tx);
    await tx`update stock set pieces = 5 where sku = ${'tea'}`;
  });
  await sql
    .begin(async (tx) => {
      late.push(tx);
      await tx`update stock set pieces = 7 where sku = ${'tea'}`;
      throw new Error('changed its mind');
    })
    .catch(() => undefined);
  for (const tx of late)
    await expect(tx`update stock set pieces = 0`).rejects.toMatchObject({ code: 'TRANSACTION_OVER' });
  expect(await piecesOf('tea')).toBe(5);
  await sql.end();
});

test('a connection that is lost while it begins rejects the transaction, and the next one works', async () => {
  const sql = open();
  const decided: unknown[] = [];
  const lost = beginAsking(sql, {
    ask: (tx) => tx`select pg_sleep(${60}::integer)`,
    decide: async (_tx, asked) => decided.push(asked),
  });
  const rejected = expect(lost).rejects.toMatchObject({ code: expect.stringMatching(/57P01|CONNECTION_CLOSED/) });
  await until('the connection is cut', async () => {
    const cut = await shop.sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = ${NAME} and wait_event = 'PgSleep'`;
    return cut.length > 0;
  });
  await rejected;
  expect(decided).toEqual([]);
  await beginAsking(sql, {
    ask: lockTea,
    decide: async (tx) => tx`update stock set pieces = 9 where sku = ${'tea'}`,
  });
  expect(await piecesOf('tea')).toBe(9);
  await sql.end();
});
