import {
  type Consumer,
  createBusMetrics,
  type EventBus,
  outboxState,
  type Relay,
  startConsumer,
  startRelay,
} from '@vafa/bus';
import { AppError, type Clock, messageOf } from '@vafa/kernel';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createKeyFinder } from '../auth/api-keys.ts';
import { loadConfig } from '../config/load-config.ts';
import type { PlatformSettings } from '../config/platform-settings.ts';
import { checkSchema } from '../database/check-schema.ts';
import { openOrm } from '../database/open-orm.ts';
import { openSql } from '../database/open-sql.ts';
import type { HttpApp } from '../http/app.ts';
import { createHttpApp } from '../http/create-http-app.ts';
import { createListen } from '../http/create-listen.ts';
import { healthRoutes, type Readiness, type ServiceStatus } from '../http/health-routes.ts';
import { forgetOldAnswers } from '../jobs/forget-old-answers.ts';
import { createJobRunner, type JobRunner } from '../jobs/run-jobs.ts';
import type { ServiceContext, ServiceDefinition } from './definition.ts';

/** What a process gives the services it runs. */
export interface ServiceEnvironment {
  settings: PlatformSettings;
  /** Variables the service's own settings are read from. */
  variables: Readonly<Record<string, string | undefined>>;
  databaseUrl: string;
  /** The process's one bus, shared by its services; who opened it closes it. */
  bus: EventBus;
  clock: Clock;
  log: Logger;
  /** Port to listen on; undefined = no listening (tests use inject). */
  port: number | undefined;
  /** False in tests with a fake clock: jobs run when asked. */
  clockwork: boolean;
  /** Metrics of the process itself (memory, event loop), once per process. */
  processMetrics: boolean;
  /** Called when the service can't go on; the process should end with a code other than 0. */
  onFatal: (service: string, error: unknown) => void;
}

/** A running (or startable) service. */
export interface Service {
  name: string;
  app: HttpApp;
  context: ServiceContext;
  /** Opens all doors. @throws when a part is missing, the subscriptions are wrong or the database is of another release */
  start(): Promise<void>;
  /** Readiness off, stop fetching, drain, commit, close; within the limit of the settings. */
  stop(): Promise<void>;
  readiness(): Promise<Readiness>;
  status(): Promise<ServiceStatus>;
  /** Runs all jobs until nothing is due. */
  runJobs(): Promise<number>;
}

const GROUP = (name: string) => `vafa.${name}`;

/** Builds a service: pools, HTTP, consumer, outbox relay, jobs, health; nothing runs before `start`. */
export const createService = async (
  definition: ServiceDefinition,
  environment: ServiceEnvironment,
): Promise<Service> => {
  const { name } = definition;
  const { settings, clock, bus } = environment;
  const log = environment.log.child({ service: name });
  const metrics = new Registry();
  if (environment.processMetrics) collectDefaultMetrics({ register: metrics });
  const busMetrics = createBusMetrics(metrics);
  const sql = openSql({
    url: environment.databaseUrl,
    max: settings.VAFA_DATABASE_POOL,
    name: `vafa-${name}`,
    schema: name,
    statementTimeoutMs: settings.VAFA_STATEMENT_TIMEOUT_MS,
  });
  let relay: Relay | undefined;
  let consumer: Consumer | undefined;
  let state: 'starting' | 'running' | 'stopping' = 'starting';
  const wake = (): void => relay?.wake();

  const context: ServiceContext = {
    name,
    config: loadConfig(definition.settings, environment.variables),
    sql,
    orm: openOrm(sql),
    bus,
    clock,
    log,
    metrics,
    wake,
  };
  const subscriptions = definition.subscriptions(context as never);
  const group = GROUP(name);

  const status = async (): Promise<ServiceStatus> => {
    const topics = subscriptions.map(({ topic }) => topic.name);
    const [lags, outbox, letters] = await Promise.all([
      topics.length > 0 ? bus.lag(group, topics) : [],
      relay?.state() ?? outboxState(sql),
      sql<{ parked: number; waiting: number }[]>`select count(*) filter (where status = 'parked') as parked,
        count(*) filter (where status = 'waiting') as waiting from dead_letter where status in ('parked', 'waiting')`,
    ]);
    for (const { topic, partition, lag } of lags) busMetrics.lag.set({ group, topic, partition }, lag);
    busMetrics.outboxDepth.set({ service: name }, outbox.depth);
    busMetrics.outboxOldestSeconds.set({ service: name }, outbox.oldestSeconds);
    return {
      service: name,
      lag: lags.reduce((sum, { lag }) => sum + lag, 0),
      outboxDepth: outbox.depth,
      outboxOldestSeconds: outbox.oldestSeconds,
      deadLetters: letters[0] ?? { parked: 0, waiting: 0 },
    };
  };

  const readiness = async (): Promise<Readiness> => {
    const checks: Record<string, string> = { state };
    try {
      // A server that was demoted, or ran out of disk, still reads: whoever is sent there would only be refused.
      const [said] = await sql<{ readOnly: string }[]>`select current_setting('transaction_read_only') as "readOnly"`;
      checks.database = said?.readOnly === 'off' ? 'ok' : 'takes no writes: it is read-only';
    } catch (error) {
      checks.database = messageOf(error);
    }
    return { ready: state === 'running' && checks.database === 'ok', checks };
  };

  const jobs: JobRunner = createJobRunner({
    service: name,
    sql,
    log,
    metrics,
    afterWork: wake,
    jobs: [
      ...definition.jobs(context as never),
      forgetOldAnswers(sql, clock, settings.HTTP_IDEMPOTENCY_HOURS),
      { name: 'retry-waiting', everyMs: 500, runsIn: 'one', run: async () => consumer?.retryWaiting() ?? 0 },
      // Keeps the gauges of depth and lag fresh for whoever scrapes.
      { name: 'measure', everyMs: 10_000, runsIn: 'any', run: async () => status().then(() => 0) },
    ],
  });

  const app = await createHttpApp({
    service: name,
    title: definition.title,
    settings,
    log,
    metrics,
    findKey: createKeyFinder(sql),
  });
  app.addHook('onRequest', async (request) => {
    if (state === 'stopping' && request.routeOptions.config.scope !== 'public')
      throw new AppError('unavailable', 'http.stopping', 'this process is stopping, try again', {
        retryAfterSeconds: 1,
      });
  });
  // Who is answered while the service stops must not keep its connection, or the stop waits until it lets go of it.
  app.addHook('onSend', async (_request, reply) => {
    if (state === 'stopping') reply.header('connection', 'close');
  });
  const listen = createListen(app);
  healthRoutes(app, { metrics, readiness, status });
  await definition.routes(app, context as never);

  const start = async (): Promise<void> => {
    await app.ready();
    await checkSchema(sql, { name, folder: definition.migrations });
    relay = startRelay({ service: name, sql, bus, log, metrics: busMetrics });
    if (subscriptions.length > 0)
      consumer = await startConsumer({
        group,
        subscriptions,
        sql,
        bus,
        clock,
        log,
        metrics: busMetrics,
        afterCommit: wake,
        onFatal: (error) => environment.onFatal(name, error),
        maxBatch: settings.BUS_MAX_BATCH,
        concurrency: settings.BUS_CONCURRENCY,
        futureToleranceMs: settings.BUS_FUTURE_TOLERANCE_MS,
        patienceMs: settings.BUS_PATIENCE_MS,
        findErased: definition.findErased,
      });
    if (environment.clockwork) jobs.start();
    if (environment.port !== undefined) await listen({ host: settings.VAFA_HOST, port: environment.port });
    state = 'running';
  };

  const stop = async (): Promise<void> => {
    state = 'stopping';
    const deadlineMs = settings.STOP_TIMEOUT_MS;
    await consumer?.stop(deadlineMs);
    await jobs.stop();
    await app.close();
    await relay?.stop();
    await definition.close?.(context as never);
    await sql.end({ timeout: 5 });
  };

  return { name, app, context, start, stop, readiness, status, runJobs: () => jobs.runAll() };
};
