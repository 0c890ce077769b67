import { createLog, migrateAll, openSql, serviceUrl } from '@vafa/platform';
import { startLocalPostgres } from '../../../infra/postgres/src/index.ts';
import { addProgrammeVersion } from './store/programmes.ts';
import { readTotals } from './store/read-totals.ts';
import { PROGRAMME, purchase } from './test/events.fixture.ts';
import { createCurrentRules } from './use-cases/current-programme.ts';
import { recordPurchases } from './use-cases/record-purchases.ts';
import { verifyLedger } from './use-cases/verify.ts';

const pg = await startLocalPostgres({
  dir: '/tmp/lb/pg',
  settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track_planning': 'on' },
});
const admin = openSql({ url: pg.url, max: 1, name: 'a', statementTimeoutMs: 600000 });
await admin.unsafe('drop database if exists b1 with (force)');
await admin.unsafe('create database b1');
await admin.unsafe('create extension if not exists pg_stat_statements');
await admin.unsafe('select pg_stat_statements_reset()');
await admin.end();
const url = new URL(pg.url);
url.pathname = '/b1';
const access = { adminUrl: url.href, roleSecret: 'x' };
await migrateAll(
  access,
  [{ name: 'ledger', folder: new URL('../migrations/', import.meta.url) }],
  createLog({ level: 'warn' }),
);
const sql = openSql({
  url: serviceUrl(access, 'ledger'),
  max: 4,
  name: 'l',
  schema: 'ledger',
  statementTimeoutMs: 100000,
});
await sql.begin((tx) => addProgrammeVersion(tx, { ...PROGRAMME, expiresAfterDays: 365 }, 'me', '2026-11-21T08:00:00Z'));
const deps = { currentRules: createCurrentRules(), lookBackPurchases: 1000 };
const B = Number(process.env.B ?? 500),
  N = Number(process.env.N ?? 100000),
  C = Number(process.env.C ?? 100000),
  W = Number(process.env.W ?? 1),
  R = Number(process.env.R ?? 0);
const t0 = Date.parse('2026-11-01T00:00:00Z');
const lines = [
  { sku: 'a1', quantity: 1, amountMinor: 1000 },
  { sku: 'b2', quantity: 2, amountMinor: 1400 },
];

import { refund } from './test/events.fixture.ts';

const made = Array.from({ length: W }, () => [] as any[]);
for (let i = 0; i < N; i++) {
  const c = Math.floor(Math.random() * C);
  const w = c % W;
  const time = new Date(t0 + i * 10).toISOString();
  const own = made[w] as any[];
  if (R > 0 && Math.random() < R && own.length > 10) {
    const o = own[Math.floor(Math.random() * own.length)];
    if (o.type === 'purchase.completed')
      own.push(refund(o.subject, `r-${i}`, { scope: 'amount', orderId: o.data.orderId, amountMinor: 500, time }));
  } else own.push(purchase(`cust-${c}`, `order-${i}`, 2400, { lines, time }));
}
const now = Temporal.Instant.from('2026-11-21T08:00:00Z');

import { readFileSync } from 'node:fs';

const pgCpu = async () => {
  const pids = (await sql`select pid from pg_stat_activity where datname='b1'`).map((r) => r.pid);
  let t = 0;
  for (const p of pids) {
    const f = readFileSync(`/proc/${p}/stat`, 'utf8').split(') ')[1]!.split(' ');
    t += Number(f[11]) + Number(f[12]);
  }
  return t * 10000;
};
await Promise.all(Array.from({ length: W }, () => sql`select pg_sleep(0.2)`));
const pg0 = await pgCpu();
const lat: number[] = [];
const cpu0 = process.cpuUsage();
const start = performance.now();
await Promise.all(
  made.map(async (own, w) => {
    for (let i = 0; i < own.length; i += B) {
      const s = performance.now();
      await sql.begin((tx) =>
        recordPurchases(tx, own.slice(i, i + B), { group: 'g', topic: 't', partition: w, now }, deps),
      );
      lat.push(performance.now() - s);
    }
  }),
);
const ms = performance.now() - start;
const cpu = process.cpuUsage(cpu0);
const pg1 = await pgCpu();
lat.sort((a, b) => a - b);
console.log(
  `${N} events, batch ${B}, workers ${W}, refunds ${R}: ${Math.round((N / ms) * 1000)}/s; node cpu ${((cpu.user + cpu.system) / N) | 0} us/event; pg cpu ${Math.round((pg1 - pg0) / N)} us/event; p50 ${lat[lat.length >> 1]?.toFixed(1)} p99 ${lat[Math.floor(lat.length * 0.99)]?.toFixed(1)} ms`,
);
if (process.env.V) {
  let s = performance.now();
  console.log(await verifyLedger(sql), 'verify ms', performance.now() - s);
  s = performance.now();
  await readTotals(sql);
  console.log('totals ms', performance.now() - s);
}
console.log(
  await sql`select relname, pg_relation_size(oid)/1024/1024 as mb, pg_indexes_size(oid)/1024/1024 as idx_mb from pg_class where relnamespace='ledger'::regnamespace and relkind='r' and pg_relation_size(oid)>0`,
);
console.log(await sql`select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname='balance'`);
{
  const a = openSql({ url: pg.url, max: 1, name: 'a' });
  for (const r of await a`select calls, round(total_exec_time)::int as exec, round(total_plan_time)::int as plan, left(regexp_replace(query, '\s+', ' ', 'g'), 70) as q from pg_stat_statements order by total_exec_time+total_plan_time desc limit 16`)
    console.log(r.calls, 'exec', r.exec, 'plan', r.plan, r.q);
  await a.end();
}
await sql.end();
await pg.stop();
