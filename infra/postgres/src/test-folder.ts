import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import postgres from 'postgres';
import { onTestFinished } from 'vitest';
import { type LocalPostgres, type LocalPostgresOptions, startLocalPostgres } from './index.ts';
import type { ServerAccount } from './server-account.ts';

/** Runs after the test that asks for it, last come first served, whether it passed or not. */
export const atEnd = (cleanup: () => Promise<unknown>): void => {
  // Not afterEach: files that share their modules would hear of it in the first of them alone.
  onTestFinished(async () => void (await cleanup()));
};

/** A folder that the server's user can enter, and that is gone after the test. */
export const testFolder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'vafa-postgres-'));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o711); // it is made closed, which would send a server of root elsewhere
  return dir;
};

/** A server that is stopped after the test. */
export const testServer = async (options: LocalPostgresOptions): Promise<LocalPostgres> => {
  const server = await startLocalPostgres(options);
  atEnd(() => server.stop());
  return server;
};

/** A connection that is closed after the test. */
export const connect = (url: string): postgres.Sql => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  atEnd(() => sql.end({ timeout: 1 }));
  return sql;
};

/** What another process says of the server that it started. */
type Told =
  | { pid: number; port: number; adopted: boolean; dataDir: string; url: string }
  | { code: string; message: string };

const SCRIPT = `
  const { startLocalPostgres } = await import(process.argv[1]);
  const tell = (what) => console.log(JSON.stringify(what));
  try {
    const { pid, port, adopted, dataDir, url, stop } = await startLocalPostgres({ dir: process.argv[2] });
    process.on('SIGTERM', () => stop().then(() => process.exit(0)));
    tell({ pid, port, adopted, dataDir, url });
    setInterval(() => {}, 1000);
  } catch (error) {
    tell({ code: error.code, message: error.message });
  }`;

/**
 * Starts a server from a process of its own, which then waits: SIGTERM stops the server, SIGKILL leaves it behind.
 * `through` is a command line to run it under.
 */
export const spawnStarter = (dir: string, account?: ServerAccount, through: string[] = []) => {
  const index = new URL('./index.ts', import.meta.url).href;
  const [program = '', ...args] = [...through, process.execPath, '--input-type=module', '-e', SCRIPT, index, dir];
  const child = spawn(program, args, { ...account, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  atEnd(() => end('SIGTERM'));
  return { stdout: child.stdout, end };
};

/** As spawnStarter, and waits for its first word. */
export const startElsewhere = async (...args: Parameters<typeof spawnStarter>) => {
  const { stdout, end } = spawnStarter(...args);
  for await (const line of createInterface({ input: stdout })) return { told: JSON.parse(line) as Told, end };
  throw new Error('the other process ended without a word');
};
