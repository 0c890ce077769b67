/**
 * The one composition root: `main.ts [service…]` runs the named services, or all, in this process;
 * `main.ts migrate` brings the database up to date and ends.
 */
import { ShorterLogError } from '@vafa/bus';
import { messageOf } from '@vafa/kernel';
import { ConfigError, createLog, migrateAll } from '@vafa/platform';
import { adminAccess, EXIT_SETTINGS, readSettings } from './environment.ts';
import { startHouse } from './house.ts';
import { allSchemas, serviceNames } from './service-names.ts';
import { findServices } from './services.ts';

const fail = (error: unknown, code: number): never => {
  const inUse = (error as { code?: string }).code === 'EADDRINUSE' ? (error as { port?: number }).port : undefined;
  const text = inUse
    ? `port ${inUse} is in use: stop what uses it, or choose another with VAFA_PORT_BASE`
    : messageOf(error);
  process.stderr.write(`vafa: ${text}\n`);
  process.exit(inUse ? EXIT_SETTINGS : code);
};

const settings = (() => {
  try {
    return readSettings();
  } catch (error) {
    return fail(error, EXIT_SETTINGS);
  }
})();
const log = createLog({ level: settings.VAFA_LOG_LEVEL });
const names = process.argv.slice(2);

if (names[0] === 'migrate') {
  await migrateAll(adminAccess(settings), allSchemas(), log).catch((error: unknown) => fail(error, 1));
  process.stdout.write('database is up to date\n');
  process.exit(0);
}

let ending = false;
/** Crash-only: whatever can't be mended here is mended by a fresh start, which the supervisor makes. */
const crash = (error: unknown, where: string): void => {
  log.error({ err: error, where }, 'this process can not go on');
  process.exit(1);
};
process.on('uncaughtException', (error) => crash(error, 'uncaughtException'));
process.on('unhandledRejection', (error) => crash(error, 'unhandledRejection'));

/** What a fresh start would only meet again. */
const isBeyondRestart = (error: unknown): boolean => error instanceof ConfigError || error instanceof ShorterLogError;

const house = await (async () => {
  try {
    const definitions = findServices(names.length > 0 ? names : serviceNames());
    return await startHouse({ settings, definitions, log, onFatal: (service, error) => crash(error, service) });
  } catch (error) {
    return fail(error, isBeyondRestart(error) ? EXIT_SETTINGS : 1);
  }
})();

const stop = async (): Promise<void> => {
  if (ending) return;
  ending = true;
  const limit = setTimeout(() => crash(new Error('stopping took too long'), 'stop'), settings.STOP_TIMEOUT_MS + 5_000);
  limit.unref();
  await house.stop().catch((error: unknown) => crash(error, 'stop'));
  process.exit(0);
};
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
// Started by `npm start`: when that is gone, nobody would restart or stop us.
process.on('disconnect', () => void stop());
process.send?.({ ready: true });
