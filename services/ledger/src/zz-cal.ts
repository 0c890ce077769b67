import { openSql } from '@vafa/platform';
import { startLocalPostgres } from '../../../infra/postgres/src/index.ts';

const pg = await startLocalPostgres({ dir: '/tmp/lb/pg', settings: {} });
const sql = openSql({ url: pg.url.replace(/\/[^/]*$/, '/b1'), max: 1, name: 'a', statementTimeoutMs: 600000 });
const time = async (name: string, n: number, q: () => Promise<unknown>) => {
  const s = performance.now();
  await q();
  console.log(name, (((performance.now() - s) / n) * 1000).toFixed(2), 'us/row');
};
await sql.unsafe(
  'drop table if exists ledger.cal; create table ledger.cal (id uuid primary key, account bigint, amount bigint, event_id uuid unique, created_at timestamptz)',
);
await time('gen only', 300000, () =>
  sql.unsafe(
    'select count(*) from (select gen_random_uuid() a, gen_random_uuid() b from generate_series(1,300000)) x where a is not null and b is not null',
  ),
);
await time('2 uuid idx', 300000, () =>
  sql.unsafe(
    'insert into ledger.cal select gen_random_uuid(), g, g, gen_random_uuid(), now() from generate_series(1,300000) g',
  ),
);
await sql.unsafe(
  'create table ledger.p2 (like ledger.purchase including all); create table ledger.t2 (like ledger.transfer including all); create table ledger.l2 (like ledger.lot including all); create table ledger.b2 (like ledger.balance including all); create table ledger.o2 (like ledger.outbox including all)',
);
const n = Number((await sql`select count(*) as n from ledger.purchase`)[0]!.n);
await time('copy purchase', n, () => sql.unsafe('insert into ledger.p2 select * from ledger.purchase'));
await time('copy transfer', n, () => sql.unsafe('insert into ledger.t2 select * from ledger.transfer'));
await time('copy lot', n, () => sql.unsafe('insert into ledger.l2 select * from ledger.lot'));
await time('copy outbox', n, () => sql.unsafe('insert into ledger.o2 select * from ledger.outbox'));
const m = Number((await sql`select count(*) as n from ledger.balance`)[0]!.n);
await time('copy balance', m, () => sql.unsafe('insert into ledger.b2 select * from ledger.balance'));
await time('text jsonb parse', n, () => sql.unsafe('select count(lines::text::jsonb) from ledger.purchase'));
await sql.unsafe('drop table ledger.p2, ledger.t2, ledger.l2, ledger.b2, ledger.o2, ledger.cal');
await sql.end();
await pg.stop();
