/**
 * `npm start`: everything on this machine. PostgreSQL, the sandbox providers with their inbox page, and all services in
 * one supervised process. `-- --empty` leaves the demonstration out, `-- --separate` gives each service its own process.
 */
import { rmSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { messageOf } from '@vafa/kernel';
import { type LocalPostgres, startLocalPostgres } from '@vafa/local-postgres';
import { createLog, migrateAll } from '@vafa/platform';
import { type Sandbox, startSandbox } from '@vafa/sandbox';
import { readArguments } from './command-line.ts';
import { seedDemonstration } from './demonstration.ts';
import { EXIT_SETTINGS, readSettings, variables } from './environment.ts';
import { keep, keptSecret, localFolder, readKept } from './local-folder.ts';
import { ensureLocalKey } from './local-key.ts';
import { firstBusyPort } from './ports.ts';
import { SERVER_SETTINGS } from './server-settings.ts';
import { allSchemas, portOf, serviceNames } from './service-names.ts';
import { type Supervised, supervise } from './supervise.ts';
import { welcome } from './welcome.ts';

const startedAt = performance.now();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const fail = (error: unknown, code = 1): never => {
  process.stderr.write(`vafa: ${messageOf(error)}\n`);
  process.exit(code);
};

const USAGE = `usage: npm start -- [options]
  --empty              without the demonstration
  --separate           each service in a process of its own
  --postgres-port N    where PostgreSQL listens; a free port unless given`;
const { values: flags } = readArguments(
  {
    options: {
      empty: { type: 'boolean', default: false },
      separate: { type: 'boolean', default: false },
      'postgres-port': { type: 'string' },
    },
  },
  USAGE,
);
const settings = (() => {
  try {
    return readSettings();
  } catch (error) {
    return fail(error, EXIT_SETTINGS);
  }
})();

const INBOX_OFFSET = 10;
/** Any line will do for the sandbox provider. */
const SANDBOX_LINE = '10000000';
const folder = localFolder(variables.VAFA_HOME);
const base = settings.VAFA_PORT_BASE || 4100;
const ports = serviceNames().map((name) => portOf(base, name));

const running: { postgres?: LocalPostgres; sandbox?: Sandbox; processes: Supervised[] } = { processes: [] };
let ending = false;
const end = async (code: number): Promise<void> => {
  if (ending) return;
  ending = true;
  say('stopping …');
  try {
    await Promise.all(running.processes.map((each) => each.stop(settings.STOP_TIMEOUT_MS)));
    await running.sandbox?.stop();
    await running.postgres?.stop();
    say('stopped');
  } catch (error) {
    process.stderr.write(`vafa: could not stop cleanly: ${messageOf(error)}\n`);
    process.exit(1);
  }
  process.exit(code);
};
process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));

/** Starts the database and starts it again, on the same port, if it is killed. */
const openPostgres = async (): Promise<string> => {
  const options = {
    dir: `${folder}/postgres`,
    settings: SERVER_SETTINGS,
    ...(flags['postgres-port'] ? { port: Number(flags['postgres-port']) } : {}),
  };
  const watch = (server: LocalPostgres): void => {
    running.postgres = server;
    void server.exited.then(async () => {
      if (ending) return;
      say('PostgreSQL ended, starting it again');
      try {
        watch(await startLocalPostgres({ ...options, port: server.port }));
      } catch (error) {
        fail(error);
      }
    });
  };
  const server = await startLocalPostgres(options);
  watch(server);
  if (server.adopted) say('PostgreSQL was still running from an earlier start: it goes on');
  if (server.recovered) say('PostgreSQL had been cut off: its data is recovered');
  return server.url;
};

const run = async (): Promise<void> => {
  const busy = await firstBusyPort(settings.VAFA_HOST, [...ports, base + INBOX_OFFSET]);
  if (busy)
    fail(
      new Error(`port ${busy} is in use: is Vafa running already? Choose other ports with VAFA_PORT_BASE`),
      EXIT_SETTINGS,
    );

  if (!settings.DATABASE_URL) say('starting PostgreSQL …');
  const adminUrl = settings.DATABASE_URL || (await openPostgres());
  const roleSecret = settings.VAFA_ROLE_SECRET || keptSecret(folder, 'role-secret');
  say('preparing the database …');
  await migrateAll({ adminUrl, roleSecret }, allSchemas(), createLog({ level: 'warn' }));
  keep(folder, 'database-url', adminUrl);
  const { secret, firstStart } = await ensureLocalKey(adminUrl, folder);
  // Noted before anything can fail, so that an interrupted first start makes up for it at the next.
  if (firstStart) keep(folder, 'demonstration', flags.empty ? 'left out' : 'wanted');
  const recordFile = `${folder}/sandbox-messages.ndjson`;
  // A new database counts its messages from 1 again: the sandbox must not take them for old ones that come twice.
  if (firstStart) rmSync(recordFile, { force: true });
  const messagingBase = `http://127.0.0.1:${portOf(base, 'messaging')}`;
  const callbackSecret = keptSecret(folder, 'callback-secret');
  const sandbox = await startSandbox({
    inboxHost: settings.VAFA_HOST,
    inboxPort: base + INBOX_OFFSET,
    recordFile,
    callbackUrl: `${messagingBase}/v1/receipts/kavenegar/${callbackSecret}/status`,
  });
  running.sandbox = sandbox;

  const env: Record<string, string> = {
    ...(Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >),
    DATABASE_URL: adminUrl,
    VAFA_ROLE_SECRET: roleSecret,
    VAFA_PORT_BASE: String(base),
    VAFA_LOG_LEVEL: variables.VAFA_LOG_LEVEL || 'warn',
    NODE_COMPILE_CACHE: variables.NODE_COMPILE_CACHE || getCompileCacheDir() || '',
    MESSAGING_KAVENEGAR_BASE_URL: variables.MESSAGING_KAVENEGAR_BASE_URL || sandbox.smsUrl,
    MESSAGING_KAVENEGAR_API_KEY: variables.MESSAGING_KAVENEGAR_API_KEY || sandbox.apiKey,
    MESSAGING_KAVENEGAR_SENDER: variables.MESSAGING_KAVENEGAR_SENDER || SANDBOX_LINE,
    MESSAGING_SMTP_URL: variables.MESSAGING_SMTP_URL || sandbox.smtpUrl,
    MESSAGING_LINK_SECRET: variables.MESSAGING_LINK_SECRET || keptSecret(folder, 'link-secret'),
    MESSAGING_CALLBACK_SECRET: variables.MESSAGING_CALLBACK_SECRET || callbackSecret,
    MESSAGING_PUBLIC_BASE_URL: variables.MESSAGING_PUBLIC_BASE_URL || messagingBase,
  };
  say('starting the services …');
  const groups = flags.separate ? serviceNames().map((name) => [name]) : [serviceNames()];
  running.processes = groups.map((services) =>
    supervise({
      label: flags.separate ? (services[0] as string) : 'the services',
      services,
      env,
      say,
      onGivenUp: (code) => void end(code),
    }),
  );
  await Promise.all(running.processes.map(({ ready }) => ready));

  const urls = Object.fromEntries(serviceNames().map((name, i) => [name, `http://127.0.0.1:${ports[i]}`]));
  let seeded = false;
  if (readKept(folder, 'demonstration') === 'wanted') {
    say('making the demonstration …');
    await seedDemonstration(urls, secret);
    keep(folder, 'demonstration', 'done');
    seeded = true;
  }
  say(
    welcome({
      urls,
      inboxUrl: `http://127.0.0.1:${base + INBOX_OFFSET}`,
      secret,
      folder,
      dataDir: running.postgres?.dataDir ?? '(your DATABASE_URL)',
      bus: settings.KAFKA_BROKERS ? `Kafka at ${settings.KAFKA_BROKERS}` : 'a log in PostgreSQL',
      demonstration: seeded ? 'made now' : (readKept(folder, 'demonstration') ?? 'left out'),
      seconds: (performance.now() - startedAt) / 1000,
    }),
  );
};

run().catch((error: unknown) => {
  process.stderr.write(`vafa: ${messageOf(error)}\n`);
  void end(1);
});
