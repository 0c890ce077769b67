import { rmSync } from 'node:fs';
import { newId, systemClock } from '@vafa/kernel';
import { DEFAULT_CACHE_DIR, type LocalKafka, startKafka } from '@vafa/local-kafka';
import { type LocalPostgres, startLocalPostgres } from '@vafa/local-postgres';
import { createApiKey, createLog, migrateAll, openSql, SCOPES } from '@vafa/platform';
import { allSchemas, portOf, SERVER_SETTINGS, type Supervised, serviceNames, supervise } from '@vafa/runner';
import { freePortBase, PORTS_PER_SET } from './free-base.ts';
import { type SandboxProcess, startSandboxProcess } from './sandbox-process.ts';

export interface TrialOptions {
  /** Everything of the trial lives here and is removed first. */
  dir: string;
  /** Services per process; the second process of the same services is named so, as it needs ports of its own. */
  groups: readonly { label: string; services: readonly string[]; second?: boolean }[];
  /** 'kafka' starts a local Apache Kafka. */
  bus: 'postgres-log' | 'kafka';
  /** Random misbehaviour of the providers. */
  chaos?: object;
  /** Further variables for the services. */
  env?: Record<string, string>;
  /** Settings of the database server, beside those with which `npm start` starts it (and more connections). */
  postgres?: Record<string, string>;
  /** Longest wait before a killed process is started again. */
  maxRestartWaitMs?: number;
  /** SQL that an administrator runs on the migrated database before the services start. */
  sqlAfterMigration?: string;
  say: (line: string) => void;
}

/** Services, database, bus and providers as processes of their own, for benchmarks and fault runs. */
export interface TrialHouse {
  urls: Record<string, string>;
  /** Of the second members too. */
  allUrls: string[];
  apiKey: string;
  adminUrl: string;
  processes: Map<string, Supervised>;
  sandbox: SandboxProcess;
  recordFile: string;
  brokers: string[];
  /** Kills the database as a crash would; it is started again on the same port. */
  killPostgres(): Promise<void>;
  /** As above for the broker. @throws Error without Kafka */
  killKafka(): Promise<void>;
  /** Stops everything in order; a service that takes longer than the limit (30 s unless given) is killed. */
  stop(limitMs?: number): Promise<void>;
}

/** Above the services' own ports. */
const POSTGRES_PORT = 10;
const KAFKA_PORT = 11;
const STOP_LIMIT_MS = 30_000;
const DATABASE = 'trial_';

/** A database of this trial's own: the server's data may have outlived the folder (it can't lie under a closed home). */
const freshDatabase = async (serverUrl: string): Promise<string> => {
  const sql = openSql({ url: serverUrl, max: 1, name: 'vafa-trial', statementTimeoutMs: 60_000 });
  try {
    const old = await sql<
      { name: string }[]
    >`select datname as name from pg_database where starts_with(datname, ${DATABASE})`;
    for (const { name } of old) await sql.unsafe(`drop database if exists ${name} with (force)`);
    const name = `${DATABASE}${Date.now().toString(36)}`;
    await sql.unsafe(`create database ${name}`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    return url.href;
  } finally {
    await sql.end({ timeout: 5 });
  }
};

const killIfThere = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Puts a trial's house together. @throws what any part throws; parts that were started are stopped */
export const startTrialHouse = async (options: TrialOptions): Promise<TrialHouse> => {
  const { dir, groups, bus, say, env = {} } = options;
  rmSync(dir, { recursive: true, force: true });
  const undo: (() => Promise<void>)[] = [];
  const pids: (() => number | undefined)[] = [];
  /** Whatever ends this process, short of kill -9: nothing of the trial outlives it, frozen services neither. */
  const killAll = (): void => {
    for (const pid of pids) killIfThere(pid());
  };
  process.once('exit', killAll);
  let ending = false;
  let stopLimitMs = STOP_LIMIT_MS;
  const stop = async (limitMs = STOP_LIMIT_MS): Promise<void> => {
    ending = true;
    stopLimitMs = limitMs;
    for (const step of undo.reverse()) await step();
    process.removeListener('exit', killAll);
  };
  try {
    const base = await freePortBase();
    const server = {
      dir: `${dir}/postgres`,
      port: base + POSTGRES_PORT,
      settings: { ...SERVER_SETTINGS, max_connections: '300', ...options.postgres },
    };
    let postgres: LocalPostgres = await startLocalPostgres(server);
    undo.push(() => postgres.stop());
    pids.push(() => postgres.pid);
    const adminUrl = await freshDatabase(postgres.url);
    let kafka: LocalKafka | undefined;
    if (bus === 'kafka') {
      say('starting Apache Kafka …');
      kafka = await startKafka({ dir: `${dir}/kafka`, cacheDir: DEFAULT_CACHE_DIR, port: base + KAFKA_PORT, log: say });
      undo.push(async () => kafka?.stop());
    }
    const roleSecret = newId();
    await migrateAll({ adminUrl, roleSecret }, allSchemas(), createLog({ level: 'warn' }));
    const sql = openSql({ url: adminUrl, max: 1, name: 'vafa-trial' });
    if (options.sqlAfterMigration) await sql.unsafe(options.sqlAfterMigration);
    const key = await createApiKey(sql, { name: 'trial', scopes: SCOPES }, systemClock.now());
    await sql.end();

    const recordFile = `${dir}/provider-records.ndjson`;
    const callbackSecret = newId();
    const messagingUrl = `http://127.0.0.1:${portOf(base, 'messaging')}`;
    const sandbox = await startSandboxProcess({
      recordFile,
      logFile: `${dir}/sandbox.log`,
      callbackUrl: `${messagingUrl}/v1/receipts/kavenegar/${callbackSecret}/status`,
      ...(options.chaos ? { chaos: options.chaos } : {}),
    });
    undo.push(() => sandbox.stop());
    pids.push(() => sandbox.pid);

    const variables: Record<string, string> = {
      TZ: 'UTC',
      DATABASE_URL: adminUrl,
      VAFA_ROLE_SECRET: roleSecret,
      VAFA_PORT_BASE: String(base),
      VAFA_LOG_LEVEL: 'error',
      MESSAGING_KAVENEGAR_BASE_URL: sandbox.smsUrl,
      MESSAGING_KAVENEGAR_API_KEY: sandbox.apiKey,
      MESSAGING_KAVENEGAR_SENDER: '10004346',
      MESSAGING_SMTP_URL: sandbox.smtpUrl,
      MESSAGING_LINK_SECRET: newId(),
      MESSAGING_CALLBACK_SECRET: callbackSecret,
      MESSAGING_PUBLIC_BASE_URL: messagingUrl,
      ...(kafka ? { KAFKA_BROKERS: kafka.brokers.join(',') } : {}),
      ...env,
    };
    const processes = new Map<string, Supervised>();
    const allUrls: string[] = [];
    for (const { label, services, second = false } of groups) {
      const ownBase = second ? base + PORTS_PER_SET : base;
      allUrls.push(...services.map((name) => `http://127.0.0.1:${portOf(ownBase, name)}`));
      processes.set(
        label,
        supervise({
          label,
          services,
          env: { ...variables, VAFA_PORT_BASE: String(ownBase) },
          say,
          maxWaitMs: options.maxRestartWaitMs ?? 1_000,
          onGivenUp: (code) => say(`${label} gave up with code ${code}`),
        }),
      );
    }
    pids.push(...[...processes.values()].map(({ pid }) => pid));
    undo.push(async () => {
      await Promise.all([...processes.values()].map((each) => each.stop(stopLimitMs)));
    });
    await Promise.all([...processes.values()].map(({ ready }) => ready));
    return {
      urls: Object.fromEntries(serviceNames().map((name) => [name, `http://127.0.0.1:${portOf(base, name)}`])),
      allUrls,
      apiKey: key.secret,
      adminUrl,
      processes,
      sandbox,
      recordFile,
      brokers: kafka?.brokers ?? [],
      killPostgres: async () => {
        await postgres.kill9();
        if (!ending) postgres = await startLocalPostgres(server);
      },
      killKafka: async () => {
        if (!kafka) throw new Error('this trial has no Kafka');
        await kafka.kill9();
        if (!ending) await kafka.restart();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
