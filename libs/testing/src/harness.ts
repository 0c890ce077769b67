import {
  type Chaos,
  createBusMetrics,
  createPostgresLogBus,
  type DeadLetter,
  type EventBus,
  listDeadLetters,
  type Sql,
} from '@vafa/bus';
import { deadTopic, decodeEvent, type EventEnvelope, encodeEvent, type Topic, Topics } from '@vafa/contracts';
import { createFakeClock, type FakeClock, present } from '@vafa/kernel';
import {
  createApiKey,
  createLog,
  createService,
  loadPlatformConfig,
  openSql,
  SCOPES,
  type Service,
  type ServiceDefinition,
  serviceUrl,
} from '@vafa/platform';
import { Registry } from 'prom-client';
import { givenPostgres } from './given-by-setup.ts';
import { cloneDatabase, TEST_ROLE_SECRET } from './test-postgres.ts';

export interface HarnessOptions {
  services: readonly ServiceDefinition[];
  /** Jobs run by themselves, by the real clock; otherwise when the test asks. */
  clockwork?: boolean;
  /** What the fake clock says at first. */
  now?: string;
  /** Variables for the services' and the platform's settings. */
  settings?: Record<string, string>;
  /** Makes the bus misbehave. */
  chaos?: Chaos;
}

export interface InjectOptions {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  url: string;
  headers?: Record<string, string>;
  payload?: unknown;
}

export interface InjectAnswer {
  statusCode: number;
  headers: Record<string, unknown>;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: () => any;
}

export interface Harness {
  clock: FakeClock;
  bus: EventBus;
  /** Superuser's pool, for looking into any schema. */
  admin: Sql;
  adminUrl: string;
  apiKey: string;
  service(name: string): Service;
  sql(name: string): Sql;
  /** Calls a service's HTTP door without a socket, with a key that may do everything. */
  http(name: string): { inject(options: InjectOptions): Promise<InjectAnswer> };
  /** Puts events on the bus, as a backend would. */
  publish(events: readonly EventEnvelope[]): Promise<void>;
  /** Puts events on the bus and returns when nothing is left to do. */
  send(...events: readonly EventEnvelope[]): Promise<void>;
  /** Returns when nothing is left to do: outboxes empty, everything handled, no job finds anything due. */
  settle(): Promise<void>;
  /** Everything published on a topic so far, in order of appending. */
  events(topic: Topic): Promise<EventEnvelope[]>;
  deadLetters(name: string): Promise<DeadLetter[]>;
  /** Stops a service and starts it anew on the same data. */
  restart(name: string): Promise<void>;
  stop(): Promise<void>;
}

const SETTLE_LIMIT_MS = 60_000;
const LOOK_MS = 5;

/** Starts services in this process on a database of their own, the Postgres log and a fake clock. */
export const startHarness = async (options: HarnessOptions): Promise<Harness> => {
  const given = givenPostgres();
  const database = await cloneDatabase(given.adminUrl, given.template);
  const access = { adminUrl: database.adminUrl, roleSecret: TEST_ROLE_SECRET };
  const clock = createFakeClock(options.now ?? '2026-11-21T08:00:00Z');
  const log = createLog({ level: options.settings?.VAFA_LOG_LEVEL ?? 'error' });
  const variables = { BUS_LEASE_MS: '3000', VAFA_DATABASE_POOL: '5', ...options.settings };
  const settings = loadPlatformConfig(variables);
  const admin = openSql({ url: database.adminUrl, max: 3, name: 'vafa-test-admin', statementTimeoutMs: 30_000 });
  const busSql = openSql({ url: serviceUrl(access, 'bus'), max: 6, name: 'vafa-bus', schema: 'bus' });
  const bus = createPostgresLogBus({
    sql: busSql,
    log,
    metrics: createBusMetrics(new Registry()),
    leaseMs: settings.BUS_LEASE_MS,
    idlePollMs: 20,
    partitions: 4,
    ...(options.chaos ? { chaos: options.chaos } : {}),
  });
  await bus.ensureTopics(
    Object.values(Topics).flatMap(({ name, partitions }) => [
      { name, partitions },
      { name: deadTopic(name), partitions },
    ]),
  );
  const key = await createApiKey(admin, { name: 'tests', scopes: SCOPES }, clock.now());
  const fatal: unknown[] = [];
  const definitions = new Map(options.services.map((definition) => [definition.name, definition]));
  const running = new Map<string, Service>();

  const startOne = async (name: string): Promise<void> => {
    const definition = present(definitions.get(name), `service ${name}`);
    const service = await createService(definition, {
      settings,
      variables,
      databaseUrl: serviceUrl(access, name),
      bus,
      clock,
      log,
      port: undefined,
      clockwork: options.clockwork ?? false,
      processMetrics: false,
      onFatal: (which, error) => fatal.push(new Error(`${which} can't go on`, { cause: error })),
    });
    await service.start();
    running.set(name, service);
  };
  for (const name of definitions.keys()) await startOne(name);

  const find = (name: string): Service => present(running.get(name), `running service ${name}`);
  const quiet = async (): Promise<boolean> => {
    const states = await Promise.all([...running.values()].map((service) => service.status()));
    return states.every(({ lag, outboxDepth }) => lag === 0 && outboxDepth === 0);
  };

  const publish = (events: readonly EventEnvelope[]): Promise<void> => bus.publish(events.map(encodeEvent));
  const settle = async (): Promise<void> => {
    const limit = performance.now() + SETTLE_LIMIT_MS;
    for (let rounds = 0; rounds < 2; ) {
      if (fatal.length > 0) throw fatal[0];
      if (performance.now() > limit) {
        const states = await Promise.all([...running.values()].map((service) => service.status()));
        throw new Error(`still busy after ${SETTLE_LIMIT_MS} ms: ${JSON.stringify(states)}`);
      }
      if (!(await quiet())) {
        rounds = 0;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        continue;
      }
      let done = 0;
      for (const service of running.values()) done += await service.runJobs();
      rounds = done === 0 ? rounds + 1 : 0;
    }
  };

  return {
    clock,
    bus,
    admin,
    adminUrl: database.adminUrl,
    apiKey: key.secret,
    service: find,
    sql: (name) => find(name).context.sql,
    http: (name) => ({
      inject: async ({ payload, headers, method, url }) => {
        const answer = await find(name).app.inject({
          method,
          url,
          headers: { authorization: `Bearer ${key.secret}`, ...headers },
          ...(payload === undefined ? {} : { payload: payload as object }),
        });
        return { statusCode: answer.statusCode, headers: answer.headers, body: answer.body, json: () => answer.json() };
      },
    }),
    publish,
    settle,
    send: async (...events) => {
      await publish(events);
      await settle();
    },
    events: async (topic) => {
      const rows = await admin<
        { key: string; headers: string; value: string }[]
      >`select key, headers, value from bus.log_record
        where topic = ${topic.name} order by appended_at, partition, record_offset`;
      return rows.map(({ key: recordKey, headers, value }) => {
        const decoded = decodeEvent({ topic: topic.name, key: recordKey, headers: JSON.parse(headers), value });
        if (!decoded.ok) throw new Error(`${topic.name} holds no event: ${decoded.problem.message}`);
        return decoded.event;
      });
    },
    deadLetters: (name) => listDeadLetters(find(name).context.sql, { limit: 1_000 }),
    restart: async (name) => {
      await find(name).stop();
      await startOne(name);
    },
    stop: async () => {
      for (const service of running.values()) await service.stop();
      await bus.close(5_000);
      await busSql.end({ timeout: 5 });
      await admin.end({ timeout: 5 });
      await database.drop();
    },
  };
};
