import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { localKafkaObstacle } from './availability.ts';
import { type LocalKafka, type StartKafkaOptions, startKafka } from './broker.ts';
import { launchBroker } from './broker-process.ts';
import { resolveJars } from './jars.ts';
import type { LocalKafkaError } from './local-kafka-error.ts';
import { openPlace } from './place.ts';
import { answersAsKafka } from './probe.ts';

const obstacle = await localKafkaObstacle();
const FETCH_LIMIT_MS = 600_000;
const TEST_LIMIT_MS = 120_000;

let root: string;
let started: LocalKafka[] = [];
let folders = 0;

const newDir = (): string => join(root, String(++folders));
const start = async (options: StartKafkaOptions): Promise<LocalKafka> => {
  const kafka = await startKafka(options);
  started.push(kafka);
  return kafka;
};
const clusterId = async (dir: string): Promise<string | undefined> =>
  /cluster\.id=(\S+)/.exec(await readFile(join(dir, 'data', 'meta.properties'), 'utf8'))?.[1];
/** On Linux: one that has ended, whose end whoever inherited it has not taken note of yet. */
const isZombie = (pid: number): boolean => {
  const file = `/proc/${pid}/stat`;
  // pid (name) state …; a name may hold anything.
  return existsSync(file) && readFileSync(file, 'utf8').split(') ').at(-1)?.startsWith('Z') === true;
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0) && !isZombie(pid);
  } catch {
    return false;
  }
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vafa-kafka-'));
  if (obstacle === undefined) await resolveJars({ log: (line) => process.stderr.write(`${line}\n`) });
}, FETCH_LIMIT_MS);
afterEach(async () => {
  await Promise.all(started.map((kafka) => kafka.kill9()));
  started = [];
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe.skipIf(obstacle !== undefined)(
  `a local broker${obstacle === undefined ? '' : ` (skipped: ${obstacle})`}`,
  { timeout: TEST_LIMIT_MS },
  () => {
    test('starts in a new folder, is refused a second time there and on its port, and keeps its storage when it starts again', async () => {
      const dir = newDir();
      await mkdir(join(dir, 'data.unfinished'), { recursive: true });
      await writeFile(join(dir, 'data.unfinished', 'meta.properties'), 'cut off');
      const first = await start({ dir });
      expect(first.brokers).toEqual([`127.0.0.1:${first.port}`]);
      expect(await answersAsKafka(first.port)).toBe(true);
      const id = await clusterId(dir);
      await expect(startKafka({ dir })).rejects.toMatchObject({ code: 'already_running' });
      await expect(startKafka({ dir: newDir(), port: first.port })).rejects.toMatchObject({
        code: 'port_in_use',
        message: expect.stringContaining(String(first.port)),
      });
      const pid = first.pid;
      await first.stop();
      await first.stop();
      expect(isAlive(pid)).toBe(false);
      expect(await answersAsKafka(first.port)).toBe(false);
      await start({ dir, port: first.port });
      expect(await clusterId(dir)).toBe(id);
      expect(await answersAsKafka(first.port)).toBe(true);
    });

    test('starts again with the same folder and port after kill -9, by restart() and by another start', async () => {
      const dir = newDir();
      const first = await start({ dir });
      const before = first.pid;
      await first.kill9();
      await first.restart();
      expect(first.pid).not.toBe(before);
      expect(await answersAsKafka(first.port)).toBe(true);
      await first.kill9();
      const second = await start({ dir, port: first.port });
      expect(await answersAsKafka(second.port)).toBe(true);
    });

    test('tells when it dies though nobody asked it to, and frees its folder', async () => {
      const dir = newDir();
      const death = Promise.withResolvers<LocalKafkaError>();
      const kafka = await start({ dir, onDeath: death.resolve });
      process.kill(kafka.pid, 'SIGKILL');
      expect(await death.promise).toMatchObject({ code: 'died', message: expect.stringContaining('SIGKILL') });
      await start({ dir, port: kafka.port });
    });

    test('ends with its parent, even after kill -9', async () => {
      const dir = newDir();
      const parent = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--port', '0', '--dir', dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(parent.stdout, 'data');
      const pid = Number(await readFile(join(dir, 'broker.pid'), 'utf8'));
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      // The folder is free at once for the next start, which waits for the broker to end.
      await start({ dir });
      expect(isAlive(pid)).toBe(false);
    });

    test('stops a broker of its folder that outlived parent and guard', async () => {
      const dir = newDir();
      await (await start({ dir })).stop();
      const stray = await launchBroker(await openPlace(dir), await resolveJars());
      await sleep(500);
      const lines: string[] = [];
      await start({ dir, log: (line) => lines.push(line) });
      expect(stray.isAlive()).toBe(false);
      expect(lines).toEqual([expect.stringContaining(`process ${stray.pid}`)]);
    });

    test('refuses damaged data in one line and leaves it as it is', async () => {
      const dir = newDir();
      const kafka = await start({ dir });
      await kafka.stop();
      await cp(join(dir, 'data'), join(dir, 'copy'), { recursive: true });
      await writeFile(join(dir, 'data', 'meta.properties'), 'version=1\nnode.id=none\n');
      await expect(startKafka({ dir })).rejects.toMatchObject({ code: 'data_damaged' });
      await rm(join(dir, 'data', 'meta.properties'));
      await expect(startKafka({ dir })).rejects.toMatchObject({ code: 'data_damaged' });
      await cp(join(dir, 'copy', 'meta.properties'), join(dir, 'data', 'meta.properties'));
      await start({ dir });
    });
  },
);
