import { createBusMetrics, type EventBus, type Sql, startConsumer } from '@vafa/bus';
import { newId, systemClock } from '@vafa/kernel';
import { type LocalPostgres, startLocalPostgres } from '@vafa/local-postgres';
import { createLog, loadConfig, migrateAll, openSql, serviceUrl } from '@vafa/platform';
import { allSchemas, findServices } from '@vafa/runner';
import { Registry } from 'prom-client';

export interface BareLedger {
  /** Of the ledger's own role. */
  sql: Sql;
  admin: Sql;
  /** Starts the ledger's consumer on a bus, without relay, HTTP or jobs. */
  consume(bus: EventBus, options: { maxBatch: number; concurrency: number }): Promise<void>;
  /** Runs one of the ledger's jobs until nothing is left to do. */
  runJob(name: string): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAMME = {
  name: 'bench',
  rates: [{ currency: 'IRR', points: 1, perMinor: 10_000 }],
  rounding: 'floor',
  expiresAfterDays: 365,
  expiringSoonDays: 14,
  reservationTtlSeconds: 900,
  returnPolicy: 'allow_negative',
  timeZone: 'Asia/Tehran',
};

/** Default settings of PostgreSQL, but for the place of its data: the limit is measured on the same server. */
const freshServer = async (dir: string): Promise<{ server: LocalPostgres; url: string }> => {
  const server = await startLocalPostgres({ dir, settings: { max_connections: '100' } });
  const sql = openSql({ url: server.url, max: 1, name: 'vafa-bench' });
  const name = `bench_${Date.now().toString(36)}`;
  await sql.unsafe(`create database ${name}`);
  await sql.end();
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return { server, url: url.href };
};

/** The ledger's consumer alone, on a database of its own. */
export const openLedger = async (dir: string, pool: number): Promise<BareLedger> => {
  const { server, url } = await freshServer(dir);
  const access = { adminUrl: url, roleSecret: newId() };
  const log = createLog({ level: 'warn' });
  await migrateAll(access, allSchemas(), log);
  const admin = openSql({ url, max: 2, name: 'vafa-bench', statementTimeoutMs: 600_000 });
  await admin`insert into ledger.programme_version (version, definition, actor, created_at)
    values (1, ${JSON.stringify(PROGRAMME)}::text::jsonb, 'bench', now())`;
  const sql = openSql({ url: serviceUrl(access, 'ledger'), max: pool, name: 'vafa-ledger', schema: 'ledger' });
  const [definition] = findServices(['ledger']);
  if (!definition) throw new Error('there is no ledger');
  return {
    sql,
    admin,
    consume: async (bus, { maxBatch, concurrency }) => {
      const metrics = new Registry();
      const config = loadConfig(definition.settings, {});
      const [purchases] = definition.subscriptions({ config, metrics, sql, clock: systemClock, log } as never);
      if (!purchases) throw new Error('the ledger hears nothing');
      await startConsumer({
        ...{
          group: 'vafa.ledger',
          subscriptions: [purchases],
          sql,
          bus,
          clock: systemClock,
          log,
          maxBatch,
          concurrency,
        },
        metrics: createBusMetrics(metrics),
        afterCommit: () => undefined,
        onFatal: (error) => {
          throw error;
        },
        ...{ futureToleranceMs: 60_000, patienceMs: 60_000 },
      });
    },
    runJob: async (name) => {
      const context = {
        config: loadConfig(definition.settings, {}),
        metrics: new Registry(),
        sql,
        clock: systemClock,
        log,
      };
      const job = definition.jobs(context as never).find((each) => each.name === name);
      if (!job) throw new Error(`the ledger has no job ${name}`);
      while ((await job.run(new AbortController().signal)) > 0);
    },
    stop: async () => {
      await sql.end({ timeout: 5 });
      await admin.end({ timeout: 5 });
      await server.stop();
    },
  };
};
