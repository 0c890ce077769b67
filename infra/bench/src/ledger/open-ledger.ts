import { createBusMetrics, type EventBus, type Sql, startConsumer } from '@vafa/bus';
import { newId, systemClock } from '@vafa/kernel';
import { createLog, loadConfig, migrateAll, openSql, serviceUrl } from '@vafa/platform';
import { allSchemas, findServices } from '@vafa/runner';
import { Registry } from 'prom-client';
import { openBenchDatabase } from './bench-database.ts';

export interface BareLedger {
  /** Of the ledger's own role. */
  sql: Sql;
  admin: Sql;
  /** Starts the ledger's consumer on a bus, without relay, HTTP or jobs; of its log nothing counts as handled. */
  consume(bus: EventBus, options: { maxBatch: number; concurrency: number }): Promise<void>;
  /** Calls the handler of a POST route as HTTP would, in the same process and without a socket. @throws what it throws */
  post(route: string, params: Record<string, string>, body: object): Promise<unknown>;
  /** Runs one of the ledger's jobs until nothing is left to do. */
  runJob(name: string): Promise<void>;
  /** Drops the database, too. */
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

type Handler = (request: object, reply: object) => Promise<unknown>;

/** The handlers of POST routes, by route. */
const collectPosts = (register: (app: never) => void): Map<string, Handler> => {
  const posts = new Map<string, Handler>();
  const ignore = () => undefined;
  const post = (route: string, _options: object, handler: Handler) => posts.set(route, handler);
  register({ post, get: ignore, put: ignore, delete: ignore, addHook: ignore, addContentTypeParser: ignore } as never);
  return posts;
};

/** The ledger's doors without the platform around them, on a database of its own. `settings` are the server's. */
export const openLedger = async (
  dir: string,
  pool: number,
  settings: Record<string, string> = {},
): Promise<BareLedger> => {
  const database = await openBenchDatabase(dir, settings);
  const access = { adminUrl: database.url, roleSecret: newId() };
  const log = createLog({ level: 'warn' });
  await migrateAll(access, allSchemas(), log);
  const admin = openSql({ url: database.url, max: 2, name: 'vafa-bench', statementTimeoutMs: 600_000 });
  await admin`insert into ledger.programme_version (version, definition, actor, created_at)
    values (1, ${JSON.stringify(PROGRAMME)}::text::jsonb, 'bench', now())`;
  const sql = openSql({ url: serviceUrl(access, 'ledger'), max: pool, name: 'vafa-ledger', schema: 'ledger' });
  const [definition] = findServices(['ledger']);
  if (!definition) throw new Error('there is no ledger');
  const createContext = (metrics = new Registry()) => {
    const config = loadConfig(definition.settings, {});
    return { config, metrics, sql, clock: systemClock, log, wake: () => undefined } as never;
  };
  const posts = collectPosts((app) => definition.routes(app, createContext()));
  const reply = { code: () => reply, header: () => reply };
  return {
    sql,
    admin,
    consume: async (bus, { maxBatch, concurrency }) => {
      const metrics = new Registry();
      const [purchases] = definition.subscriptions(createContext(metrics));
      if (!purchases) throw new Error('the ledger hears nothing');
      // Each bus of the bench begins its log anew.
      await admin`delete from ledger.consumer_fence`;
      await startConsumer({
        ...{ group: 'vafa.ledger', subscriptions: [purchases], sql, bus, clock: systemClock, log },
        ...{ maxBatch, concurrency },
        metrics: createBusMetrics(metrics),
        afterCommit: () => undefined,
        onFatal: (error) => {
          throw error;
        },
        ...{ futureToleranceMs: 60_000, patienceMs: 60_000 },
      });
    },
    post: async (route, params, body) => {
      const handler = posts.get(route);
      if (!handler) throw new Error(`the ledger has no route ${route}`);
      return handler({ params, body, headers: {}, traceparent: '' }, reply);
    },
    runJob: async (name) => {
      const job = definition.jobs(createContext()).find((each) => each.name === name);
      if (!job) throw new Error(`the ledger has no job ${name}`);
      while ((await job.run(new AbortController().signal)) > 0);
    },
    stop: async () => {
      await sql.end({ timeout: 5 });
      await admin.end({ timeout: 5 });
      await database.drop();
    },
  };
};
